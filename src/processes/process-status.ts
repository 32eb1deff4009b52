import { spawnSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { getPriority } from 'node:os';
import type { IoPriority } from '../core/identity.ts';
import { findSystemProgram } from './system-program.ts';

/** What the kernel says of a process's identity. */
export interface ProcessStatus {
  /** Real, effective, saved and that for files: the same number four times unless something is wrong. */
  readonly uids: readonly number[];
  readonly gids: readonly number[];
  /** In rising order. */
  readonly groups: readonly number[];
  readonly noNewPrivileges: boolean;
  readonly umask: number;
  readonly nice: number;
  /** The processors that it may use, as the kernel writes them: `0-3,5`. */
  readonly cpus: string;
  readonly limits: ProcessLimits;
}

/** Limits of a process; `Infinity` for none. */
export interface ProcessLimits {
  readonly openFiles: Limit;
  readonly memoryBytes: Limit;
  readonly processes: Limit;
  readonly cpuSeconds: Limit;
  /** 20 less the lowest `nice` that the process may give itself without being root. */
  readonly priority: Limit;
}

/** What holds now, and how far the process may raise it. */
interface Limit {
  readonly soft: number;
  readonly hard: number;
}

/** What the kernel says of a process. @throws a system error when the process is gone. */
export function readStatus(pid: number | 'self'): ProcessStatus {
  const text = readFileSync(`/proc/${pid}/status`, 'utf8');
  const field = (name: string): string => new RegExp(`^${name}:\\s*(.*)$`, 'm').exec(text)?.[1]?.trim() ?? '';
  const numbers = (name: string): readonly number[] =>
    field(name)
      .split(/\s+/)
      .filter((word) => word !== '')
      .map(Number);
  return {
    uids: numbers('Uid'),
    gids: numbers('Gid'),
    groups: numbers('Groups').toSorted((one, other) => one - other),
    noNewPrivileges: field('NoNewPrivs') === '1',
    umask: Number.parseInt(field('Umask'), 8),
    nice: getPriority(pid === 'self' ? 0 : pid),
    cpus: field('Cpus_allowed_list'),
    limits: readLimits(pid),
  };
}

function readLimits(pid: number | 'self'): ProcessLimits {
  const text = readFileSync(`/proc/${pid}/limits`, 'utf8');
  const limit = (name: string): Limit => {
    const [, soft, hard] =
      new RegExp(`^${name}\\s+(\\d+|unlimited)\\s+(\\d+|unlimited)`, 'm').exec(text) ?? [];
    return { soft: numberOf(soft), hard: numberOf(hard) };
  };
  return {
    openFiles: limit('Max open files'),
    memoryBytes: limit('Max data size'),
    processes: limit('Max processes'),
    cpuSeconds: limit('Max cpu time'),
    priority: limit('Max nice priority'),
  };
}

function numberOf(text: string | undefined): number {
  return text === undefined || text === 'unlimited' ? Infinity : Number(text);
}

/**
 * The disk priority of a process; `null` where it was never set, so that it follows `nice`.
 * @throws Error when it cannot be read.
 */
export function readIoPriority(pid: number): IoPriority | null {
  const answer = spawnSync(findSystemProgram('ionice'), ['-p', String(pid)], { encoding: 'utf8', env: {} });
  const parsed = /^(?<name>realtime|best-effort|idle|none)(?:: prio (?<level>\d))?$/.exec(
    answer.stdout.trim(),
  );
  const name = parsed?.groups?.['name'];
  if (name === undefined) throw new Error(`"ionice -p ${pid}" failed: ${answer.stderr.trim()}`);
  const level = parsed?.groups?.['level'];
  switch (name) {
    case 'realtime':
    case 'best-effort':
      return { class: name, level: Number(level) };
    case 'idle':
      return { class: 'idle', level: null };
    default:
      return null;
  }
}
