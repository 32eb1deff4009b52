import { formatDuration } from './duration.ts';
import { causesOf, lastTrace, type PrintedError } from './last-trace.ts';
import { normalText } from './normal-text.ts';
import type { Outcome, TaskError } from './outcome.ts';
import { oneLine, plainLines, shorten } from './plain-text.ts';
import { printedError } from './printed-error.ts';
import { userFrames, withoutPlace } from './user-frames.ts';

/** A failed run, as far as it is known. */
export interface FailureSeen {
  readonly outcome: Outcome;
  /** The end of what it printed, at most some KiB; the first line may be cut. Empty when nothing was printed or read. */
  readonly output: string;
  /** Absolute folder of the project's code: frames within it and outside of folders of packages are the user's. */
  readonly directory: string;
}

/** What failures have in common that are the same failure. */
export interface FailureKind {
  /** Equal for two failures of the same kind: a readable text of at most 300 characters. */
  readonly key: string;
  /** One line for people, as it was printed, of at most 160 characters. It may hold what is secret: see `mask`. */
  readonly title: string;
}

const longestKey = 300;
const longestTitle = 160;
const longestText = 16 * 1024;
const longestName = 100;
const leadingMoment = /^\[?\d{4}[-/]\d\d[-/]\d\d[T ]\d\d:\d\d:\d\d\S* (?:UTC |GMT |CES?T )?(?=\S)/;
const mostCauses = 3;
/** Whoever sends these ends a program from outside, whatever it printed last. */
const fromOutside: readonly string[] = ['SIGKILL', 'SIGTERM', 'SIGINT', 'SIGHUP', 'SIGQUIT'];

/** The kind of a failure, by the rules in `docs/incidents.md`. The same failure has the same kind on every host. */
export function kindOf(failure: FailureSeen): FailureKind {
  const { outcome } = failure;
  switch (outcome.kind) {
    case 'threw':
      return kindOfThrown(outcome.error, failure);
    case 'exited':
      return kindOfProgram(`exit status ${outcome.exitCode}`, failure);
    case 'killed':
      return kindOfKilled(outcome.signal, failure);
    case 'timed out':
      return { key: 'timed out', title: `timed out after ${formatDuration(outcome.timeoutMs)}` };
    case 'not started':
    case 'interrupted':
    case 'withdrawn':
      return kindFrom([outcome.kind, normalText(outcome.reason)], `${outcome.kind}: ${outcome.reason}`);
    case 'succeeded':
    case 'stopped':
      return { key: outcome.kind, title: outcome.kind };
  }
}

function kindOfThrown({ name, message, stack }: TaskError, { output, directory }: FailureSeen): FailureKind {
  const [line = ''] = plainLines(message.slice(0, longestText));
  const frames = plainLines(stack.slice(0, longestText));
  const known = causesOf(frames.slice(1));
  const error = {
    text: [oneLine(name, longestName), line].filter((part) => part !== '').join(': '),
    // A stack says nothing of a cause, what the worker prints of an error does.
    causes: known.length > 0 ? known : printedCauses(line, output),
    trace: frames,
  };
  return kindFrom(partsOf(error, directory), error.text);
}

function printedCauses(message: string, output: string): readonly string[] {
  const trace = lastTrace(endOf(output));
  return trace !== null && trace.text.includes(message) ? trace.causes : [];
}

function kindOfKilled(signal: string, failure: FailureSeen): FailureKind {
  const title = `killed by ${signal}`;
  return fromOutside.includes(signal) ? kindFrom([title], title) : kindOfProgram(title, failure);
}

function kindOfProgram(end: string, { output, directory }: FailureSeen): FailureKind {
  const lines = endOf(output);
  const error = printedError(lines);
  if (error !== null) return kindFrom([end, ...partsOf(error, directory)], error.text);
  const said = lines.at(-1);
  if (said === undefined) return kindFrom([end], end);
  const words = { text: said, causes: [], trace: [said] };
  return kindFrom([end, ...partsOf(words, directory)], `${end}: ${said}`);
}

function endOf(output: string): readonly string[] {
  return plainLines(output.slice(-longestText));
}

function partsOf({ text, causes, trace }: PrintedError, directory: string): readonly string[] {
  const normalCauses = [...new Set(causes.map(normalText))].slice(0, mostCauses);
  return [
    normalText(withoutPlace(text)),
    ...normalCauses.map((cause) => `caused by ${shorten(cause, 80)}`),
    userFrames(trace, directory).join(', '),
  ];
}

function kindFrom(parts: readonly string[], title: string): FailureKind {
  const whole = parts.filter((part) => part !== '').join(' | ');
  const isLong = whole.length > longestKey;
  return {
    key: isLong ? `${shorten(whole, longestKey - 9)} ${checksum(whole)}` : whole,
    title: oneLine(title.replace(leadingMoment, ''), longestTitle),
  };
}

/** FNV-1a, 32 bits: tells long texts apart that begin alike. Eight hexadecimal digits. */
function checksum(text: string): string {
  let sum = 0x811c9dc5;
  for (let index = 0; index < text.length; index += 1) {
    sum = Math.imul(sum ^ text.charCodeAt(index), 0x01000193);
  }
  return (sum >>> 0).toString(16).padStart(8, '0');
}
