import { lastTrace, type PrintedError } from './last-trace.ts';

/** After so many lines a trace was not the last word: the program went on. */
const mostLinesAfterTrace = 10;
const mostLinesLookedAt = 30;

/** Says that something went wrong. */
const wrong =
  /(?:error|exception)\b|\b(?:errno|fatal|panic|critical|fail(?:ed|ure|s)?|denied|refused|rejected|cannot|can't|couldn't|could not|unable|unknown|not found|not exist|no such|invalid|missing|too (?:many|large|long)|timed out|timeout|time-out|killed|abort(?:ed|ing)?|unreachable|undefined|unbound|not set|no rule|out of memory|no space|segmentation fault|terminate called|E[A-Z]{4,})\b|^[45]\d\d[ -]/i;
/** Says that nothing went wrong, or that it did not matter. */
const harmless: readonly RegExp[] = [
  /\b(?:0|no|without) (?:errors?|failures?|failed)/i,
  /^\[?(?:warn(?:ing)?|info|debug)\]?[: ]|: warning: /i,
  /^(?:\S+ ){1,3}\[?(?:WARN(?:ING)?|INFO|DEBUG)\]?[: ]/,
];
/** Follows from another error, which stands before it: what a program adds to it, and what started the program. */
const consequence =
  /^(?:npm (?:ERR!|error)|make(?:\[\d+\])?: \*\*\*|exit status \d|error Command failed|error: script |error: Recipe |Command exited|Process exited|Caused by: |tar: Exiting|tar: Error is not recoverable|\s*\d+: 0x|DETAIL|HINT|CONTEXT|STATEMENT|QUERY|LOCATION|LINE \d)|transaction is aborted/i;

/** What the end of an output says of the error that ended the program; `null` when it says nothing. */
export function printedError(lines: readonly string[]): PrintedError | null {
  const trace = lastTrace(lines);
  if (trace !== null && lines.length - trace.end <= mostLinesAfterTrace) return trace;
  const text = errorLine(
    lines.slice(-mostLinesLookedAt).filter((line) => !harmless.some((pattern) => pattern.test(line))),
  );
  return text === undefined ? null : { text, causes: [], trace: [text] };
}

/** The last error that does not follow from another; where all do, the first. */
function errorLine(lines: readonly string[]): string | undefined {
  const last = lines.findLastIndex((line) => wrong.test(line) && !consequence.test(line));
  const text = lines[last];
  return text === undefined
    ? lines.find((line) => wrong.test(line))
    : firstOfReply(lines.slice(0, last), text);
}

/** A server of mail may answer in several lines, of which all but the last have a `-` behind the code. */
function firstOfReply(before: readonly string[], text: string): string {
  const [code] = /^[45]\d\d(?= )/.exec(text) ?? [];
  if (code === undefined) return text;
  const other = before.findLastIndex((line) => !line.startsWith(`${code}-`));
  return before[other + 1] ?? text;
}
