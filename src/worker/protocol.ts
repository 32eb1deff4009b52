import { constants } from 'node:os';
import type { Ending } from '../core/outcome.ts';
import { toDurationMs, toEpochMs, toMonotonicMs } from '../core/units.ts';
import type { Moment } from '../core/cooldown.ts';
import type { DurationMs } from '../core/units.ts';
import { unknownUsage, type Usage } from '../core/usage.ts';

/** Stands for a number that nobody measured. */
const notMeasured = '-';
const highestSignal = 64;
/** What stands for each byte that cannot stand for itself. */
const encodedBytes: readonly string[] = Array.from(
  { length: 256 },
  (_, byte) => `%${byte.toString(16).toUpperCase().padStart(2, '0')}`,
);

/** What a worker says. The lines are described in docs/worker-protocol.md. */
export type WorkerMessage =
  | { readonly kind: 'blocked' }
  | { readonly kind: 'locked' }
  | { readonly kind: 'ready' }
  | { readonly kind: 'failed'; readonly reason: string }
  | { readonly kind: 'ended'; readonly end: RunEnd; readonly isOver: boolean }
  | { readonly kind: 'over'; readonly run: number }
  /** A line that no worker of this version says. */
  | { readonly kind: 'unknown'; readonly line: string };

/** The end of a run, as a message and as a line of the journal. */
export interface RunEnd {
  readonly run: number;
  readonly at: Moment;
  readonly durationMs: DurationMs;
  readonly usage: Usage;
  readonly ending: Ending;
}

/** One line of a journal. */
export type JournalLine =
  | { readonly kind: 'began'; readonly run: number; readonly fence: number }
  | { readonly kind: 'ended'; readonly end: RunEnd };

/** A line of words; the words may hold anything. */
export function formatLine(words: readonly (string | number)[]): string {
  return `${words.map(encodeWord).join(' ')}\n`;
}

/** The words of a line, without its end. */
export function parseLine(line: string): readonly string[] {
  return line.split(' ').map(decodeWord);
}

/** What a worker says in `line`. */
export function parseMessage(line: string): WorkerMessage {
  const [verb = '', ...words] = parseLine(line);
  const first = words[0] ?? '';
  switch (verb) {
    case 'blocked':
    case 'locked':
    case 'ready':
      return { kind: verb };
    case 'failed':
      return { kind: 'failed', reason: first };
    case 'over': {
      const run = wholeNumber(first);
      if (run !== null && run >= 1) return { kind: 'over', run };
      break;
    }
    case 'ended': {
      const end = parseEnd(words.slice(0, -1));
      if (end !== null) return { kind: 'ended', end, isOver: words.at(-1) === 'over' };
    }
  }
  return { kind: 'unknown', line };
}

/** What a journal says in `line`; `null` for a line that was cut short when the host went down. */
export function parseJournalLine(line: string): JournalLine | null {
  const [verb, ...words] = parseLine(line);
  if (verb === 'began') {
    const [run, fence] = words.slice(0, 2).map(wholeNumber);
    return isCount(run) && isCount(fence) ? { kind: 'began', run, fence } : null;
  }
  const end = verb === 'ended' ? parseEnd(words) : null;
  return end === null ? null : { kind: 'ended', end };
}

/** The words that say how a run ended: the other direction of `parseMessage`, for workers written in TypeScript. */
export function endWords(end: RunEnd): readonly (string | number)[] {
  const { run, at, durationMs, usage, ending } = end;
  const taken = [usage.cpuMs ?? notMeasured, usage.memoryKib ?? notMeasured];
  return ['ended', run, at.monotonic, at.wall, durationMs, ...taken, ...endingWords(ending)];
}

function endingWords(ending: Ending): readonly (string | number)[] {
  switch (ending.kind) {
    case 'succeeded':
      return ['succeeded'];
    case 'exited':
      return ['exited', ending.exitCode];
    case 'killed':
      return ['killed', signalNumber(ending.signal)];
    case 'threw':
      return ['threw', ending.error.name, ending.error.message, ending.error.stack];
    case 'not started':
      return ['unstartable', ending.reason];
    case 'interrupted':
      return ['interrupted', ending.reason];
  }
}

function parseEnd(words: readonly string[]): RunEnd | null {
  const [run, bootMs, wallMs, lengthMs] = words.slice(0, 4).map(wholeNumber);
  // Journals of older versions, and simple workers, do not say what the run took. No ending begins like a number.
  const [cpu = '', memory = ''] = words.slice(4);
  const hasUsage = isMeasurement(cpu) && isMeasurement(memory);
  const ending = parseEnding(words.slice(hasUsage ? 6 : 4));
  if (ending === null || !isCount(run)) return null;
  if (!isNumber(bootMs) || !isNumber(wallMs) || !isNumber(lengthMs)) return null;
  return {
    run,
    at: { monotonic: toMonotonicMs(bootMs), wall: toEpochMs(wallMs) },
    durationMs: toDurationMs(Math.max(0, lengthMs)),
    usage: hasUsage ? { cpuMs: measured(cpu), memoryKib: measured(memory) } : unknownUsage,
    ending,
  };
}

/** A number in digits: a line of something else is one that nobody says. */
function wholeNumber(word: string): number | null {
  return /^-?\d{1,15}$/.test(word) ? Number(word) : null;
}

function isNumber(value: number | null | undefined): value is number {
  return typeof value === 'number';
}

function isCount(value: number | null | undefined): value is number {
  return isNumber(value) && value >= 1;
}

function isMeasurement(word: string): boolean {
  return word === notMeasured || /^\d{1,15}$/.test(word);
}

function measured(word: string): DurationMs | null {
  return word === notMeasured ? null : toDurationMs(Number(word));
}

function parseEnding(words: readonly string[]): Ending | null {
  const [kind = '', first = '', second = '', third = ''] = words;
  switch (kind) {
    case 'succeeded':
      return { kind: 'succeeded' };
    case 'exited': {
      const exitCode = wholeNumber(first) ?? 0;
      return exitCode >= 1 && exitCode <= 255 ? { kind: 'exited', exitCode } : null;
    }
    case 'killed': {
      const signal = wholeNumber(first) ?? 0;
      return signal >= 1 && signal <= highestSignal ? { kind: 'killed', signal: signalName(signal) } : null;
    }
    case 'threw':
      return { kind: 'threw', error: { name: first, message: second, stack: third } };
    case 'unstartable':
      return { kind: 'not started', reason: first };
    case 'interrupted':
      return { kind: 'interrupted', reason: first };
    default:
      return null;
  }
}

/** `SIGKILL` for 9; a signal without a name of its own, such as a real-time one, is `signal 40`. */
function signalName(number: number): string {
  const found = Object.entries(constants.signals).find(([, value]) => value === number);
  return found?.[0] ?? `signal ${number}`;
}

function signalNumber(name: string): number {
  const found = Object.entries(constants.signals).find(([key]) => key === name);
  return found?.[1] ?? Number(name.replace('signal ', ''));
}

function encodeWord(word: string | number): string {
  if (typeof word === 'number') return String(word);
  return word === '' ? '%' : word.replaceAll(/[^A-Za-z0-9_./:=@+,-]+/g, encodeBytes);
}

function encodeBytes(text: string): string {
  let encoded = '';
  for (const byte of Buffer.from(text, 'utf8')) encoded += encodedBytes[byte];
  return encoded;
}

function decodeWord(word: string): string {
  if (!word.includes('%')) return word;
  if (word === '%') return '';
  const latin1 = word.replaceAll(/%([0-9A-F]{2})/g, (_, hex: string) =>
    String.fromCharCode(parseInt(hex, 16)),
  );
  return Buffer.from(latin1, 'latin1').toString('utf8');
}
