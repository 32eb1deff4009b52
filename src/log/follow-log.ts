import { closeSync, fstatSync, lstatSync, readFileSync, readSync } from 'node:fs';
import { basename, dirname } from 'node:path';
import { StringDecoder } from 'node:string_decoder';
import { hasErrorCode } from '../core/error-code.ts';
import type { LogPosition } from '../core/event.ts';
import { chainOfLogName, logPath, readLogStart } from './log-files.ts';
import { openGeneration, type OpenedLog } from './read-log.ts';
import { isSystemRefusal } from './system-refusal.ts';
import { watchFolder } from './watch-folder.ts';

const chunkBytes = 64 * 1024;
/** One for all: what a reader is handed it must have used before it returns. */
const buffer = Buffer.alloc(chunkBytes);
/** What is read of a flood of output in one go; the rest of it stays in the file only. */
const floodBytes = 1024 * 1024;
/** After that much it rests for so long, so that whoever prints a flood does not take the processor from its task. */
const floodRestMs = 100;
/** How many logs are held open between looks; the others are opened again. */
const mostOpen = 200;

/** What the follower of a log is handed: bytes and where they begin, or the news that some of a flood were left out. */
export interface LogReader {
  /** The bytes hold only until it returns. */
  bytes(bytes: Buffer, at: LogPosition): void;
  leftOut(bytes: number): void;
}

/** The logs of a folder, read while they grow. */
export interface FollowedLogs {
  /** Follows the log of a chain from a place in it on, over all the files that it will have. */
  follow(chain: string, from: LogPosition, reader: LogReader): void;
  /** Hands over at once what a chain has written until now. */
  drain(chain: string): void;
  close(): void;
}

/**
 * Follows logs, with one watch of the kernel for all of them.
 * @param appeared is called when a log changes that is not followed, such as that of a new chain
 */
export function followLogs(folder: string, appeared: (chain: string) => void): FollowedLogs {
  const followed = new Map<string, FollowedLog>();
  const open = new Set<FollowedLog>();
  const resting = new Map<FollowedLog, NodeJS.Timeout>();

  function rest(log: FollowedLog): void {
    clearTimeout(resting.get(log));
    const wake = (): void => {
      resting.delete(log);
      readOn(log);
    };
    resting.set(log, setTimeout(wake, floodRestMs));
  }

  function readOn(log: FollowedLog): void {
    if (outcomeOf(log) !== 'all') rest(log);
    open.delete(log);
    if (log.isOpen) open.add(log);
    const [oldest] = open;
    if (oldest === undefined || open.size <= mostOpen) return;
    open.delete(oldest);
    oldest.close();
  }

  const stopWatching = watchFolder(folder, (name) => {
    if (name === null) for (const log of followed.values()) if (!resting.has(log)) readOn(log);
    const chain = chainOfLogName(name ?? '');
    if (chain === null) return;
    const log = followed.get(chain);
    if (log === undefined) appeared(chain);
    else if (!resting.has(log)) readOn(log);
  });

  return {
    follow(chain, from, reader) {
      followed.set(chain, new FollowedLog({ folder, chain }, from, reader));
    },
    drain(chain) {
      const log = followed.get(chain);
      if (log !== undefined) readOn(log);
    },
    close() {
      stopWatching();
      for (const timer of resting.values()) clearTimeout(timer);
      for (const log of open) log.close();
    },
  };
}

// Who shows a log must not end the runner because too many files are open: it looks again.
function outcomeOf(log: FollowedLog): 'all' | 'flood' | 'refused' {
  try {
    return log.readOn();
  } catch (error) {
    if (!isSystemRefusal(error)) throw error;
    log.close();
    return 'refused';
  }
}

/** Follows one log from a place in it on, and hands over its text. */
export function followLog(
  path: string,
  from: LogPosition,
  reader: { text(text: string): void; leftOut(bytes: number): void },
): { drain(): void; close(): void } {
  const folder = dirname(path);
  const chain = basename(path, '.log');
  const logs = followLogs(folder, () => undefined);
  const decoder = new StringDecoder('utf8');
  logs.follow(chain, from, {
    bytes: (bytes) => reader.text(decoder.write(bytes)),
    leftOut: (bytes) => reader.leftOut(bytes),
  });
  return { drain: () => logs.drain(chain), close: () => logs.close() };
}

class FollowedLog {
  readonly #name: { readonly folder: string; readonly chain: string };
  readonly #reader: LogReader;
  #generation: number;
  #offset: number;
  #descriptor: number | null = null;
  #inode: number | null = null;
  #outcome: 'all' | 'flood' = 'all';

  constructor(
    name: { readonly folder: string; readonly chain: string },
    from: LogPosition,
    reader: LogReader,
  ) {
    this.#name = name;
    this.#generation = from.generation;
    this.#offset = from.offset;
    this.#reader = reader;
  }

  get isOpen(): boolean {
    return this.#descriptor !== null;
  }

  /** Reads to the present end, file after file; says whether it was too much. */
  readOn(): 'all' | 'flood' {
    const { folder, chain } = this.#name;
    this.#outcome = 'all';
    for (;;) {
      this.#readFile();
      if (this.#inode === (lstatSync(logPath(folder, chain), { throwIfNoEntry: false })?.ino ?? null)) {
        return this.#outcome;
      }
      // This is not the log any more, and what its last writer wrote was read. Or there is none for a moment.
      this.close();
      if (readLogStart(folder, chain).generation <= this.#generation) {
        // Somebody has removed or replaced it.
        if (this.#inode !== null) this.#offset = 0;
        this.#inode = null;
        this.#readFile();
        return this.#outcome;
      }
      this.#generation += 1;
      this.#offset = 0;
      this.#inode = null;
    }
  }

  close(): void {
    if (this.#descriptor !== null) closeSync(this.#descriptor);
    this.#descriptor = null;
  }

  #readFile(): void {
    this.#descriptor ??= this.#open();
    if (this.#descriptor === null) {
      // The number of a file that is gone may be given to the next one.
      this.#inode = null;
      return;
    }
    const descriptor = this.#descriptor;
    const { size, ino } = fstatSync(descriptor);
    // Emptied by its task, or replaced.
    if (size < this.#offset || (this.#inode !== null && this.#inode !== ino)) this.#offset = 0;
    this.#inode = ino;
    this.#skipFlood(size);
    while (this.#offset < size) {
      const bytes = readSync(descriptor, buffer, 0, Math.min(chunkBytes, size - this.#offset), this.#offset);
      if (bytes === 0) return;
      this.#handOver(buffer.subarray(0, bytes));
    }
  }

  #open(): number | null {
    const opened = openGeneration(this.#name.folder, this.#name.chain, this.#generation);
    if (opened?.isCompressed === true) this.#readCompressed(opened);
    return opened === null || opened.isCompressed ? null : opened.descriptor;
  }

  // It was set aside and compressed before its end was read, which is soon after.
  #readCompressed({ descriptor }: OpenedLog): void {
    try {
      const compressed = readFileSync(descriptor);
      const size = compressed.readUInt32LE(compressed.length - 4);
      if (size - this.#offset > floodBytes) {
        this.#reader.leftOut(size - this.#offset);
        this.#offset = size;
        return;
      }
      // Few need it, and each start is shorter without it.
      const { gunzipSync } = process.getBuiltinModule('node:zlib');
      const inflated = gunzipSync(compressed, { maxOutputLength: 2 * size + floodBytes });
      if (inflated.length > this.#offset) this.#handOver(inflated.subarray(this.#offset));
    } catch (error) {
      if (!hasErrorCode(error, 'Z_BUF_ERROR', 'Z_DATA_ERROR', 'ERR_OUT_OF_RANGE')) throw error;
    } finally {
      closeSync(descriptor);
    }
  }

  #skipFlood(size: number): void {
    if (size - this.#offset <= floodBytes) return;
    this.#outcome = 'flood';
    this.#reader.leftOut(size - this.#offset - floodBytes);
    this.#offset = size - floodBytes;
  }

  #handOver(bytes: Buffer): void {
    const at = { generation: this.#generation, offset: this.#offset };
    this.#offset += bytes.length;
    this.#reader.bytes(bytes, at);
  }
}
