import { closeSync, constants, lstatSync, openSync } from 'node:fs';
import { hasErrorCode } from '../core/error-code.ts';
import type { LogPosition } from '../core/event.ts';
import { findHoles } from './holes.ts';
import { asidePath, compressedEnding, logPath, readLogStart } from './log-files.ts';
import { CompressedFile, PlainFile, type LastLines, type LogFile, type Part } from './log-file.ts';

/** How many files are held open, for the logs that are read in turns. */
const mostOpen = 100;

/** A part of a chain's log. */
export interface LogRange extends Part {
  readonly generation: number;
}

/** A file of a log that was opened for reading. */
export interface OpenedLog {
  readonly descriptor: number;
  readonly isCompressed: boolean;
}

/** Reads the logs of a folder, also what was set aside and compressed. */
export interface LogFiles {
  /**
   * A part of a log, piece by piece, or `null` when it is not kept any more. What was cut out of the middle of a
   * flood is given as one line that says how much it was. Parts of one log are best read in their order.
   */
  read(chain: string, range: LogRange): AsyncGenerator<Buffer> | null;
  /** The last lines of a part, at most so many; `null` when it is not kept any more. */
  lastLines(chain: string, range: LogRange, lines: number): Promise<LastLines | null>;
  close(): void;
}

/** How far the log of a chain reaches now. */
export function presentEnd(folder: string, chain: string): LogPosition {
  for (;;) {
    const { generation } = readLogStart(folder, chain);
    const offset = lstatSync(logPath(folder, chain), { throwIfNoEntry: false })?.size ?? 0;
    // Unless it was set aside just now.
    if (readLogStart(folder, chain).generation === generation) return { generation, offset };
  }
}

/** Opens nothing until it is asked to read. */
export function openLogFiles(folder: string): LogFiles {
  const open = new Map<string, { readonly generation: number; readonly file: LogFile | null }>();

  function fileOf(chain: string, generation: number): LogFile | null {
    const known = open.get(chain);
    open.delete(chain);
    const isSame = known?.generation === generation;
    if (!isSame) known?.file?.close();
    const file = isSame ? known.file : openFile(folder, chain, generation);
    open.set(chain, { generation, file });
    closeOldest();
    return file;
  }

  function closeOldest(): void {
    const [oldest] = open;
    if (oldest === undefined || open.size <= mostOpen) return;
    open.delete(oldest[0]);
    oldest[1].file?.close();
  }

  return {
    read(chain, range) {
      const file = fileOf(chain, range.generation);
      return file === null ? null : withoutHoles(file, range);
    },
    async lastLines(chain, range, lines) {
      return (await fileOf(chain, range.generation)?.lastLines(range, lines)) ?? null;
    },
    close() {
      for (const { file } of open.values()) file?.close();
      open.clear();
    },
  };
}

/**
 * Opens the file that holds a generation of a chain's log, wherever it was moved meanwhile; `null` when it is not
 * there, because it was removed to make room.
 */
export function openGeneration(folder: string, chain: string, generation: number): OpenedLog | null {
  const aside = asidePath(folder, chain, generation);
  for (;;) {
    const current = readLogStart(folder, chain).generation;
    // A file is compressed before it goes, so that one of both is always there.
    const opened =
      generation === current
        ? tryOpen(logPath(folder, chain), false)
        : (tryOpen(aside, false) ?? tryOpen(`${aside}${compressedEnding}`, true));
    // If it was set aside just now, another file may have been opened than was meant.
    if (readLogStart(folder, chain).generation === current) return opened;
    if (opened !== null) closeSync(opened.descriptor);
  }
}

function tryOpen(path: string, isCompressed: boolean): OpenedLog | null {
  try {
    return { descriptor: openSync(path, constants.O_RDONLY | constants.O_NOFOLLOW), isCompressed };
  } catch (error) {
    if (hasErrorCode(error, 'ENOENT')) return null;
    throw error;
  }
}

function openFile(folder: string, chain: string, generation: number): LogFile | null {
  const opened = openGeneration(folder, chain, generation);
  if (opened === null) return null;
  return opened.isCompressed ? new CompressedFile(opened.descriptor) : new PlainFile(opened.descriptor);
}

async function* withoutHoles(file: LogFile, part: Part): AsyncGenerator<Buffer> {
  const holes = findHoles();
  try {
    for await (const piece of file.read(part)) yield* holes.pass(piece);
    yield* holes.end();
  } catch (error) {
    if (!hasErrorCode(error, 'Z_BUF_ERROR', 'Z_DATA_ERROR')) throw error;
    yield Buffer.from('\n... the rest of this file is damaged ...\n');
  }
}

/** The last lines of a chain's current log; nothing when it has none. */
export async function readTail(folder: string, chain: string, lines: number): Promise<Buffer> {
  const files = openLogFiles(folder);
  try {
    const { generation } = readLogStart(folder, chain);
    const whole = { generation, from: 0, to: null };
    const last = await files.lastLines(chain, whole, lines);
    const pieces: Buffer[] = [];
    const reading = last === null ? null : files.read(chain, { ...whole, from: last.from });
    for await (const piece of reading ?? []) pieces.push(piece);
    return Buffer.concat(pieces);
  } finally {
    files.close();
  }
}
