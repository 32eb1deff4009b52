import type { ControlRequest } from '../control-port.ts';
import { parseDuration } from '../core/duration.ts';
import { quoted } from '../core/quoted.ts';
import { toDurationMs, type DurationMs } from '../core/units.ts';

/** In bytes; nothing that may be asked needs more. */
export const longestBody = 65_536;
/** How many lines of a history or a log one answer has at most: the runner has more to do than that. */
export const mostLines = 10_000;
const longestName = 100;

/** The request makes no sense; `message` says what to write instead. */
export class BadRequest extends Error {
  override readonly name = 'BadRequest';
}

/** The object in a request's body, of which nothing is known. */
export interface Body {
  /** The name of whoever asks, as they give it. */
  by(): string;
  /** A switch that is off where it is not given. */
  flag(key: string): boolean;
  /** A whole number from 1. */
  count(key: string): number;
  text(key: string): string | null;
}

/**
 * Reads a body: an object of JSON, or nothing for an empty one.
 * @param known the fields it may have besides `by`: of one that is misspelt nobody should think that it counts
 * @throws BadRequest
 */
export function readBody(text: string, known: readonly string[]): Body {
  const fields = parseObject(text);
  checkFields(fields, ['by', ...known]);
  return {
    by() {
      const by = fields.get('by') ?? 'somebody';
      if (typeof by !== 'string' || by === '' || by.length > longestName || /\p{Cc}/u.test(by)) {
        throw new BadRequest(
          `Cannot read "by": write the name of whoever asks, at most ${longestName} characters`,
        );
      }
      return by;
    },
    flag(key) {
      const value = fields.get(key) ?? false;
      if (typeof value !== 'boolean') throw new BadRequest(`Cannot read "${key}": write true or false`);
      return value;
    },
    count(key) {
      const value = fields.get(key);
      if (typeof value === 'number') return readCount(String(value), key);
      throw new BadRequest(`Cannot read "${key}": write a whole number from 1`);
    },
    text(key) {
      const value = fields.get(key) ?? null;
      if (value !== null && typeof value !== 'string')
        throw new BadRequest(`Cannot read "${key}": write a text such as "2h"`);
      return value;
    },
  };
}

/** A whole number from 1 to `most`. @throws BadRequest */
export function readCount(text: string, what: string, most: number = Number.MAX_SAFE_INTEGER): number {
  if (/^[1-9]\d{0,14}$/.test(text) && Number(text) <= most) return Number(text);
  const limit = most === Number.MAX_SAFE_INTEGER ? '' : ` to ${most}`;
  throw new BadRequest(`Cannot read "${what}": found ${quoted(text)}, write a whole number from 1${limit}`);
}

/** "true" or "false". @throws BadRequest */
export function readSwitch(text: string, what: string): boolean {
  if (text === 'true' || text === 'false') return text === 'true';
  throw new BadRequest(`Cannot read "${what}": found ${quoted(text)}, write true or false`);
}

/** All that may be asked of one chain. */
export const chainCommands: readonly ControlRequest['kind'][] = [
  'poke',
  'pause',
  'resume',
  'mute',
  'unmute',
  'skip',
  'stop',
  'start',
  'restart',
  'kill-run',
  'release',
];

/** The fields that a command to a chain knows besides `by`. */
const chainCommandFields: Readonly<Record<ControlRequest['kind'], readonly string[]>> = {
  poke: [],
  pause: ['for', 'until'],
  resume: [],
  mute: ['for', 'until'],
  unmute: [],
  skip: [],
  stop: ['now'],
  start: [],
  restart: [],
  'kill-run': ['now'],
  release: ['pid'],
};

/** What `POST /v1/chains/CHAIN/COMMAND` asks, by its body. @throws BadRequest */
export function readChainRequest(command: ControlRequest['kind'], text: string): ControlRequest {
  const body = readBody(text, chainCommandFields[command]);
  const by = body.by();
  switch (command) {
    case 'poke':
    case 'resume':
    case 'unmute':
    case 'skip':
    case 'restart':
      return { kind: command, by };
    case 'start':
      return { kind: command, by };
    case 'stop':
    case 'kill-run':
      return { kind: command, by, isNow: body.flag('now') };
    case 'pause':
      return { kind: command, by, forMs: readLength(body) };
    case 'mute':
      return { kind: command, by, forMs: requiredLength(body) };
    case 'release':
      return { kind: command, by, pid: body.count('pid') };
  }
}

function requiredLength(body: Body): DurationMs {
  const length = readLength(body);
  if (length !== null) return length;
  throw new BadRequest(
    'Cannot mute without an end: write "for" such as "2h", or "until" with a moment to come',
  );
}

function readLength(body: Body): DurationMs | null {
  const [length, until] = [body.text('for'), body.text('until')];
  if (length !== null && until !== null)
    throw new BadRequest('Cannot have both "for" and "until": leave one out');
  if (until !== null) return untilLength(until);
  if (length === null) return null;
  const parsed = parseDuration(length);
  if (parsed.kind === 'duration' && parsed.durationMs > 0) return parsed.durationMs;
  const found =
    parsed.kind === 'problem'
      ? parsed.problem
      : `found ${quoted(length)}, write more than nothing such as "2h"`;
  throw new BadRequest(`Cannot read "for": ${found}`);
}

function untilLength(until: string): DurationMs {
  // With a zone: what a moment means must not depend on where the runner is.
  const moment = /(?:Z|[+-]\d\d:?\d\d)$/.test(until) ? Date.parse(until) : Number.NaN;
  const lengthMs = moment - Date.now();
  if (lengthMs > 0) return toDurationMs(Math.ceil(lengthMs));
  const example = new Date(Date.now() + 3_600_000).toISOString();
  throw new BadRequest(
    `Cannot read "until": found ${quoted(until)}, write a moment to come such as "${example}"`,
  );
}

function parseObject(text: string): ReadonlyMap<string, unknown> {
  if (text.trim() === '') return new Map();
  const value = parseJson(text);
  if (typeof value !== 'object' || value === null || Array.isArray(value)) {
    throw new BadRequest('Cannot read the body: it is no object, write one such as {"by": "ada"}');
  }
  return new Map(Object.entries(value));
}

function checkFields(fields: ReadonlyMap<string, unknown>, known: readonly string[]): void {
  const unknown = [...fields.keys()].find((key) => !known.includes(key));
  if (unknown === undefined) return;
  const names = known.map((name) => `"${name}"`).join(', ');
  throw new BadRequest(`Cannot read ${quoted(unknown)}: the fields here are ${names}`);
}

function parseJson(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch (error) {
    throw new BadRequest('Cannot read the body: it is not JSON, write an object such as {"by": "ada"}', {
      cause: error,
    });
  }
}
