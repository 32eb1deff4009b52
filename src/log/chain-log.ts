import {
  closeSync,
  constants,
  fstatSync,
  openSync,
  readdirSync,
  readFileSync,
  renameSync,
  rmSync,
  writeFileSync,
} from 'node:fs';
import { join } from 'node:path';
import type { ChainName, LogLimits } from '../core/definition.ts';
import { hasErrorCode } from '../core/error-code.ts';
import type { LogPosition } from '../core/event.ts';
import type { Output } from '../ports.ts';
import { watchFlood } from './flood.ts';

/** A chain's log: `logs/<chain>.log`, and `logs/<chain>.<generation>.log` for what was set aside. */
export interface ChainLog extends Output {
  readonly path: string;
  close(): void;
}

/** Opens the log of a chain; creates it if it is not there. */
export function openChainLog(folder: string, chain: ChainName, limits: LogLimits): ChainLog {
  const path = logPath(folder, chain);
  let descriptor = openLog(path);
  let generation = readGeneration(folder, chain);
  const stopWatching = watchFlood(() => ({ path, size: fstatSync(descriptor).size }), limits.fileLimitBytes);

  function position(): LogPosition {
    return { generation, offset: fstatSync(descriptor).size };
  }

  return {
    path,
    position,
    isFull: ({ offset }) => offset >= limits.fileLimitBytes,
    rotate() {
      renameSync(path, logPath(folder, chain, generation));
      generation += 1;
      writeGeneration(folder, chain, generation);
      closeSync(descriptor);
      descriptor = openLog(path);
      removeOld(folder, chain, generation - 1 - limits.filesKept);
    },
    close() {
      stopWatching();
      closeSync(descriptor);
    },
  };
}

/** Where a chain's log is: the current one, or one that was set aside. */
export function logPath(folder: string, chain: string, generation?: number): string {
  return join(folder, generation === undefined ? `${chain}.log` : `${chain}.${generation}.log`);
}

/**
 * The generation of the current log, from 1: the one that was written down, unless a crash came between setting a
 * log aside and writing that down.
 */
export function readGeneration(folder: string, chain: string): number {
  const newestAside = Math.max(0, ...generationsAside(folder, chain));
  return Math.max(writtenGeneration(folder, chain), newestAside + 1);
}

function writtenGeneration(folder: string, chain: string): number {
  try {
    return Number.parseInt(readFileSync(generationPath(folder, chain), 'utf8'), 10) || 1;
  } catch (error) {
    if (hasErrorCode(error, 'ENOENT')) return 1;
    throw error;
  }
}

// On a full disk it is not written; then the files that were set aside say as much.
function writeGeneration(folder: string, chain: string, generation: number): void {
  const path = generationPath(folder, chain);
  try {
    writeFileSync(`${path}.tmp`, `${generation}\n`, { mode: 0o600 });
    renameSync(`${path}.tmp`, path);
  } catch (error) {
    if (!hasErrorCode(error, 'ENOSPC')) throw error;
  }
}

function generationPath(folder: string, chain: string): string {
  return join(folder, `${chain}.generation`);
}

function openLog(path: string): number {
  return openSync(path, constants.O_RDONLY | constants.O_CREAT | constants.O_NOFOLLOW, 0o600);
}

function removeOld(folder: string, chain: string, newestRemoved: number): void {
  const old = generationsAside(folder, chain).filter((generation) => generation <= newestRemoved);
  for (const generation of old) rmSync(logPath(folder, chain, generation), { force: true });
}

function generationsAside(folder: string, chain: string): readonly number[] {
  return readdirSync(folder).flatMap((name) => {
    if (!name.startsWith(`${chain}.`) || !name.endsWith('.log')) return [];
    const middle = name.slice(chain.length + 1, -'.log'.length);
    return /^\d+$/.test(middle) ? [Number(middle)] : [];
  });
}
