import { closeSync, constants, lstatSync, openSync, readFileSync, renameSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { hasErrorCode } from '../core/error-code.ts';
import { toEpochMs, type EpochMs } from '../core/units.ts';

/** The current log of a chain. Everything else of it has a name that goes on where this one ends. */
export function logPath(folder: string, chain: string): string {
  return join(folder, `${chain}.log`);
}

/**
 * A log that was set aside, before it is compressed. The number stands behind the ending, so that the log of a chain
 * `mail.1` is not taken for one that chain `mail` has set aside.
 */
export function asidePath(folder: string, chain: string, generation: number): string {
  return `${logPath(folder, chain)}.${generation}`;
}

/** What is appended to the name of a log that was compressed. */
export const compressedEnding = '.gz';

/** A file of a log that was set aside. */
export interface AsideFile {
  readonly chain: string;
  readonly generation: number;
  readonly isCompressed: boolean;
}

/** What the name of a file says: a log that was set aside, or `null` for any other. */
export function parseAsideName(name: string): AsideFile | null {
  const groups = /^(?<chain>.+)\.log\.(?<generation>\d+)(?<ending>\.gz)?$/.exec(name)?.groups;
  if (groups === undefined) return null;
  const { chain = '', generation, ending } = groups;
  return { chain, generation: Number(generation), isCompressed: ending !== undefined };
}

/** The chain whose current log has this name, or `null`. */
export function chainOfLogName(name: string): string | null {
  return name.endsWith('.log') ? name.slice(0, -'.log'.length) : null;
}

/** Where a chain's present log stands. */
export interface LogStart {
  /** Counts its files, from 1. */
  readonly generation: number;
  /** When it began; `null` where nobody wrote that down. */
  readonly beganAt: EpochMs | null;
}

/**
 * Which generation the current log is: the one that was written down, or the next one when a crash came between
 * setting that one aside and writing it down.
 */
export function readLogStart(folder: string, chain: string): LogStart {
  const written = parseLogStart(readIfThere(startPath(folder, chain)) ?? '');
  const aside = asidePath(folder, chain, written.generation);
  if (!isThere(aside) && !isThere(`${aside}${compressedEnding}`)) return written;
  return { generation: written.generation + 1, beganAt: null };
}

/** Prepares to write down where a log stands; what it returns does it, all or nothing, and needs no room on the disk. */
export function prepareLogStart(folder: string, chain: string, start: LogStart): () => void {
  const path = startPath(folder, chain);
  const beganAt = start.beganAt === null ? '' : ` ${start.beganAt}`;
  writeFileSync(`${path}.tmp`, `${start.generation}${beganAt}\n`, { mode: 0o600 });
  return () => renameSync(`${path}.tmp`, path);
}

/** Creates the file unless it is there; gives its inode. A symbolic link is refused. */
export function touchLog(path: string): number {
  const flags = constants.O_WRONLY | constants.O_CREAT | constants.O_NOFOLLOW;
  closeSync(openSync(path, flags, 0o600));
  return lstatSync(path).ino;
}

function startPath(folder: string, chain: string): string {
  return join(folder, `${chain}.generation`);
}

function parseLogStart(text: string): LogStart {
  const [generation = '', beganAt = ''] = text.trim().split(' ');
  return {
    generation: /^[1-9]\d{0,14}$/.test(generation) ? Number(generation) : 1,
    beganAt: /^\d{1,15}$/.test(beganAt) ? toEpochMs(Number(beganAt)) : null,
  };
}

function isThere(path: string): boolean {
  return lstatSync(path, { throwIfNoEntry: false }) !== undefined;
}

function readIfThere(path: string): string | null {
  try {
    return readFileSync(path, 'utf8');
  } catch (error) {
    if (hasErrorCode(error, 'ENOENT')) return null;
    throw error;
  }
}
