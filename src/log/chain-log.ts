import { lstatSync, mkdirSync, renameSync, type Stats } from 'node:fs';
import type { Moment } from '../core/cooldown.ts';
import type { ChainName, LogLimits } from '../core/definition.ts';
import { hasErrorCode } from '../core/error-code.ts';
import type { LogPosition } from '../core/event.ts';
import {
  add,
  durationBetween,
  isBefore,
  isShorter,
  toDurationMs,
  type EpochMs,
  type MonotonicMs,
} from '../core/units.ts';
import type { Output } from '../ports.ts';
import type { AsideWishes } from './aside-files.ts';
import type { WatchedLog } from './flood.ts';
import { asidePath, logPath, prepareLogStart, readLogStart, touchLog } from './log-files.ts';
import type { LogFolder } from './log-folder.ts';
import { readTextEnd } from './text-end.ts';
import { isSystemRefusal } from './system-refusal.ts';

/** When it could not be set aside, how long it goes on as it is. */
const retryMs = toDurationMs(60_000);

/** A chain's log: `logs/<chain>.log`, and `logs/<chain>.log.<generation>` for what was set aside. */
export interface ChainLog extends Output {
  readonly path: string;
}

/**
 * Opens the log of a chain; creates it if it is not there. It holds no file open and has no timer, so that a chain
 * that does nothing costs nothing.
 */
export function openChainLog(logs: LogFolder, chain: ChainName, limits: LogLimits): ChainLog {
  return new FileLog(logs, chain, limits);
}

class FileLog implements ChainLog {
  readonly path: string;
  readonly #logs: LogFolder;
  readonly #chain: ChainName;
  #limits: LogLimits;
  readonly #watched: WatchedLog;
  #inode: number;
  #offset = 0;
  /** Somebody has removed or replaced the file that the worker writes to. */
  #isLost = false;
  #generation: number;
  #beganAt: EpochMs | null;
  #retryAt: MonotonicMs | null = null;

  constructor(logs: LogFolder, chain: ChainName, limits: LogLimits) {
    this.path = logPath(logs.path, chain);
    this.#logs = logs;
    this.#chain = chain;
    this.#limits = limits;
    this.#watched = { path: this.path, limitBytes: limits.fileLimitBytes, punchedTo: 0 };
    const start = readLogStart(logs.path, chain);
    this.#generation = start.generation;
    this.#beganAt = start.beganAt;
    this.#inode = touchLog(this.path);
    logs.aside.resume(this.#asideWishes());
  }

  position(): LogPosition {
    const found = this.#look();
    this.#offset = found?.size ?? this.#offset;
    this.#isLost = found?.ino !== this.#inode || !found.isFile();
    return { generation: this.#generation, offset: this.#offset };
  }

  tail(from: LogPosition): string {
    if (from.generation !== this.#generation) return '';
    try {
      return readTextEnd(this.path, this.#inode, from.offset);
    } catch (error) {
      // What a run wrote helps to tell failures apart, and no more: without it the chain goes on as well.
      if (isSystemRefusal(error)) return '';
      throw error;
    }
  }

  mustRotate({ offset }: LogPosition, at: Moment): boolean {
    if (this.#retryAt !== null && isBefore(at.monotonic, this.#retryAt)) return false;
    return this.#isLost || offset >= this.#limits.fileLimitBytes || this.#isOld(offset, at.wall);
  }

  rotate(at: Moment): void {
    try {
      this.#setAside(at.wall);
      this.#retryAt = null;
    } catch (error) {
      // On a full disk the old log goes on: it keeps its begin and its end, as in any flood.
      if (!isSystemRefusal(error)) throw error;
      this.#retryAt = add(at.monotonic, retryMs);
    }
    this.#logs.aside.tidy(this.#asideWishes());
  }

  limit(limits: LogLimits): void {
    this.#limits = limits;
    this.#watched.limitBytes = limits.fileLimitBytes;
  }

  watch(): void {
    this.#logs.floods.watch(this.#watched);
  }

  unwatch(): void {
    this.#logs.floods.unwatch(this.#watched);
  }

  #asideWishes(): AsideWishes {
    const { filesKept, isCompressed, totalLimitBytes } = this.#limits;
    const newestRemoved = this.#generation - 1 - filesKept;
    return { chain: this.#chain, newestRemoved, isCompressed, totalLimitBytes };
  }

  // First all that needs room on the disk, then one change of name after another: `readLogStart` and the next
  // rotation know what to make of a crash, or of a refusal, between any two of them.
  #setAside(wall: EpochMs): void {
    const next = this.#generation + 1;
    const fresh = `${this.path}.new`;
    const inode = touchFresh(this.#logs.path, fresh);
    const writeStart = prepareLogStart(this.#logs.path, this.#chain, { generation: next, beganAt: wall });
    if (this.#look() !== null)
      renameSync(this.path, asidePath(this.#logs.path, this.#chain, this.#generation));
    this.#generation = next;
    this.#beganAt = wall;
    writeStart();
    renameSync(fresh, this.path);
    this.#inode = inode;
    this.#watched.punchedTo = 0;
  }

  #isOld(offset: number, wall: EpochMs): boolean {
    const { ageLimitMs } = this.#limits;
    if (ageLimitMs === null) return false;
    // Nothing is in it that could be old.
    if (offset === 0) this.#beganAt = wall;
    this.#beganAt ??= this.#writeBegin(wall);
    return !isShorter(durationBetween(this.#beganAt, wall), ageLimitMs);
  }

  #writeBegin(wall: EpochMs): EpochMs {
    try {
      prepareLogStart(this.#logs.path, this.#chain, { generation: this.#generation, beganAt: wall })();
    } catch (error) {
      if (!isSystemRefusal(error)) throw error;
    }
    return wall;
  }

  #look(): Stats | null {
    try {
      return lstatSync(this.path, { throwIfNoEntry: false }) ?? null;
    } catch (error) {
      if (isSystemRefusal(error)) return null;
      throw error;
    }
  }
}

function touchFresh(folder: string, path: string): number {
  try {
    return touchLog(path);
  } catch (error) {
    if (!hasErrorCode(error, 'ENOENT')) throw error;
    // Somebody has removed the whole folder.
    mkdirSync(folder, { mode: 0o700 });
    return touchLog(path);
  }
}
