import {
  closeSync,
  constants,
  copyFileSync,
  fstatSync,
  ftruncateSync,
  openSync,
  readdirSync,
  readFileSync,
  renameSync,
  rmSync,
  writeFileSync,
} from 'node:fs';
import { join } from 'node:path';
import type { ChainName, LogLimits } from '../core/definition.ts';
import type { LogPosition } from '../core/event.ts';
import type { Output } from '../ports.ts';

/** A chain's log: `logs/<chain>.log`, and `logs/<chain>.<generation>.log` for what was set aside. */
export interface ChainLog extends Output {
  readonly path: string;
  close(): void;
}

/** Opens the log of a chain; creates it if it is not there. */
export function openChainLog(folder: string, chain: ChainName, limits: LogLimits): ChainLog {
  const path = logPath(folder, chain);
  const descriptor = openSync(
    path,
    constants.O_RDWR | constants.O_APPEND | constants.O_CREAT | constants.O_NOFOLLOW,
    0o600,
  );
  let generation = readGeneration(folder, chain);

  function position(): LogPosition {
    return { generation, offset: fstatSync(descriptor).size };
  }

  // Copied and emptied, not renamed: the worker keeps its open file. Between runs nobody writes to it. The new
  // generation is written down before the file is emptied, so that a crash in between loses no byte range.
  function setAside(): void {
    const copy = logPath(folder, chain, generation);
    copyFileSync(path, `${copy}.tmp`);
    renameSync(`${copy}.tmp`, copy);
    generation += 1;
    writeGeneration(folder, chain, generation);
    ftruncateSync(descriptor, 0);
    removeOld(folder, chain, generation - 1 - limits.filesKept);
  }

  return {
    path,
    position,
    rotate() {
      const { offset } = position();
      if (offset < limits.fileLimitBytes) return { generation, offset };
      setAside();
      return position();
    },
    close: () => closeSync(descriptor),
  };
}

/** Where a chain's log is: the current one, or one that was set aside. */
export function logPath(folder: string, chain: string, generation?: number): string {
  return join(folder, generation === undefined ? `${chain}.log` : `${chain}.${generation}.log`);
}

/** The generation of the current log, from 1. */
export function readGeneration(folder: string, chain: string): number {
  try {
    const text = readFileSync(generationPath(folder, chain), 'utf8');
    return Math.max(1, Number.parseInt(text, 10) || 1);
  } catch (error) {
    if (error instanceof Error && 'code' in error && error.code === 'ENOENT') return 1;
    throw error;
  }
}

function writeGeneration(folder: string, chain: string, generation: number): void {
  const path = generationPath(folder, chain);
  writeFileSync(`${path}.tmp`, `${generation}\n`, { mode: 0o600 });
  renameSync(`${path}.tmp`, path);
}

function generationPath(folder: string, chain: string): string {
  return join(folder, `${chain}.generation`);
}

function removeOld(folder: string, chain: string, newestRemoved: number): void {
  for (const name of readdirSync(folder)) {
    const generation = generationOf(name, chain);
    if (generation !== null && generation <= newestRemoved) rmSync(join(folder, name), { force: true });
  }
}

function generationOf(name: string, chain: string): number | null {
  if (!name.startsWith(`${chain}.`) || !name.endsWith('.log')) return null;
  const middle = name.slice(chain.length + 1, -'.log'.length);
  return /^\d+$/.test(middle) ? Number(middle) : null;
}
