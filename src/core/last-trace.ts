/** An error as a program printed it. */
export interface PrintedError {
  /** The line that says what is wrong, such as `psycopg.OperationalError: connection refused`. */
  readonly text: string;
  /** Errors that caused it. */
  readonly causes: readonly string[];
  /** Lines that name places in code; the place of the failure comes first. */
  readonly trace: readonly string[];
}

/** An error with a stack trace. */
export interface Trace extends PrintedError {
  /** The index of the first line behind it. */
  readonly end: number;
}

type FindTrace = (lines: readonly string[]) => Trace | null;

const mostMessageLines = 10;
const pythonFrame = /^\s*File "[^"]+", line \d+/;
const atFrame = /^\s*at /;
const rubyFrame = /^([^\s:]+:\d+:in [`'][^`']*'): (.+)$/;
const classed = /^[\w.$\\]*(?:Error|Exception|Throwable)\b(?: \[\w+\])?(?::|$)/;

/** The last trace in an output: of Python, Node, Java, C#, Ruby, PHP, Go or Rust; `null` when there is none. */
export function lastTrace(lines: readonly string[]): Trace | null {
  const finders: readonly FindTrace[] = [pythonTrace, atTrace, rubyTrace, phpTrace, goTrace, rustTrace];
  let last: Trace | null = null;
  for (const find of finders) {
    const trace = find(lines);
    if (trace !== null && (last === null || trace.end > last.end)) last = trace;
  }
  return last;
}

/** The errors that caused one, as the lines of its trace tell them. */
export function causesOf(trace: readonly string[]): readonly string[] {
  return trace
    .map((line) => {
      const [, named, plain] = /^\s*\[?(?:cause\]: |caused by: )\[?(.+)$|^\s+\[?(\S.*)$/i.exec(line) ?? [];
      return named ?? (plain !== undefined && classed.test(plain) ? plain : '');
    })
    .filter((cause) => cause !== '');
}

// The error stands below, and of several that caused one another the last is the one that ended the program.
function pythonTrace(lines: readonly string[]): Trace | null {
  const last = lines.findLastIndex((line) => pythonFrame.test(line));
  if (last === -1) return null;
  const at = lines.findIndex((line, index) => index > last && !/^\s/.test(line));
  const text = lines[at];
  if (text === undefined) return null;
  const begin = lines.findLastIndex(
    (line, index) => index < last && line.includes('Traceback (most recent call last):'),
  );
  const isCaused = (lines[begin - 1] ?? '').startsWith('The above exception was the direct cause');
  return {
    text,
    causes: isCaused ? lines.slice(begin - 2, begin - 1) : [],
    trace: lines.slice(begin + 1, last + 1).toReversed(),
    end: at + 1,
  };
}

// Node, Java, C#: the error stands above. What is indented, and what caused it, belongs to it.
function atTrace(lines: readonly string[]): Trace | null {
  const last = lines.findLastIndex((line) => atFrame.test(line));
  if (last === -1) return null;
  const head = lines.findLastIndex((line, index) => index < last && !isBelow(line));
  const text = lines[head];
  if (text === undefined) return null;
  const above = lines.slice(Math.max(0, head - mostMessageLines), head + 1).map(withoutPrefix);
  const frames = lines.slice(head + 1, last + 1);
  const behind = lines.findIndex((line, index) => index > last && !isBelow(line));
  return {
    text: above.findLast((line) => classed.test(line)) ?? withoutPrefix(text),
    causes: causesOf(frames),
    trace: frames.filter((line) => atFrame.test(line)),
    end: behind === -1 ? lines.length : behind,
  };
}

function isBelow(line: string): boolean {
  return /^\s|^(?:Caused by|Suppressed|stack backtrace|\}|Node\.js v\d)/.test(line);
}

/** What programs put in front of the name of an error. */
function withoutPrefix(line: string): string {
  return line.replace(
    /^(?:Uncaught |Exception in thread "[^"]*" |Unhandled exception\. |\(node:\d+\) \w+Warning: )/,
    '',
  );
}

function rubyTrace(lines: readonly string[]): Trace | null {
  const at = lines.findLastIndex((line) => rubyFrame.test(line));
  const [, , said] = rubyFrame.exec(lines[at] ?? '') ?? [];
  if (said === undefined) return null;
  const frames = lines.slice(at + 1);
  const length = frames.findIndex((line) => !/^\s+from /.test(line));
  const end = length === -1 ? lines.length : at + 1 + length;
  const [, message = said, name = ''] = /^(.*) \(([\w:]+)\)$/.exec(said) ?? [];
  return {
    text: name === '' ? message : `${name}: ${message}`,
    causes: [],
    trace: lines.slice(at, end),
    end,
  };
}

function phpTrace(lines: readonly string[]): Trace | null {
  const at = lines.findLastIndex((line) => /^(?:PHP )?(?:Fatal|Parse) error: /.test(line));
  const said = lines[at];
  if (said === undefined) return null;
  const behind = lines.findIndex(
    (line, index) => index > at && !/^(?:#\d|Stack trace:|\s+thrown in )/.test(line),
  );
  const end = behind === -1 ? lines.length : behind;
  return {
    text: said.replace(/^PHP /, '').replace(/ in \/\S+?(?::| on line )\d+$/, ''),
    causes: [],
    trace: lines.slice(at, end),
    end,
  };
}

// All that comes after it are the goroutines: the one that failed first, the failure itself first.
function goTrace(lines: readonly string[]): Trace | null {
  const at = lines.findLastIndex((line) => /^(?:panic|fatal error): /.test(line));
  const text = lines[at];
  const isTrace = lines.some((line, index) => index > at && /^goroutine \d+ \[/.test(line));
  if (text === undefined || !isTrace) return null;
  return { text, causes: [], trace: lines.slice(at + 1), end: lines.length };
}

function rustTrace(lines: readonly string[]): Trace | null {
  const at = lines.findLastIndex((line) => /^thread '[^']*'(?: \(\d+\))? panicked at /.test(line));
  const head = lines[at];
  if (head === undefined) return null;
  const [, quoted] = /panicked at '(.*)', /.exec(head) ?? [];
  return {
    text: `panicked: ${quoted ?? lines[at + 1] ?? ''}`,
    causes: [],
    trace: lines.slice(at, at + 1),
    end: lines.length,
  };
}
