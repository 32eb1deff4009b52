import { closeSync, fstatSync, readSync } from 'node:fs';
import { pipeline, Readable } from 'node:stream';

const chunkBytes = 64 * 1024;
const newline = 0x0a;
const zeros = Buffer.alloc(chunkBytes);

/** From which byte to which. */
export interface Part {
  readonly from: number;
  /** `null` for up to the present end. When it is before `from`, the task has emptied its own log meanwhile. */
  readonly to: number | null;
}

/** Where the last lines of a part begin, and how many there are. */
export interface LastLines {
  readonly from: number;
  readonly lines: number;
}

/** A file of a log, open for reading. */
export interface LogFile {
  read(part: Part): AsyncGenerator<Buffer>;
  /** At most so many lines, from 1. */
  lastLines(part: Part, lines: number): Promise<LastLines>;
  close(): void;
}

/** A file as it was written. */
export class PlainFile implements LogFile {
  readonly #descriptor: number;

  constructor(descriptor: number) {
    this.#descriptor = descriptor;
  }

  async *read(part: Part): AsyncGenerator<Buffer> {
    const end = this.#endOf(part);
    const buffer = Buffer.allocUnsafe(chunkBytes);
    for (let offset = startOf(part); offset < end;) {
      const bytes = readSync(this.#descriptor, buffer, 0, Math.min(chunkBytes, end - offset), offset);
      if (bytes === 0) return;
      offset += bytes;
      const piece = buffer.subarray(0, bytes);
      // A hole of many gigabytes is passed over ten times as fast without copies of it.
      yield piece.equals(zeros) ? zeros : Buffer.from(piece);
    }
  }

  lastLines(part: Part, lines: number): Promise<LastLines> {
    const start = startOf(part);
    const end = this.#endOf(part);
    const buffer = Buffer.alloc(chunkBytes);
    let found = 0;
    // The newline at the very end begins no line.
    for (let top = end - 1; top > start;) {
      const length = Math.min(chunkBytes, top - start);
      readSync(this.#descriptor, buffer, 0, length, top - length);
      for (let index = newlineBefore(buffer, length); index !== -1; index = newlineBefore(buffer, index)) {
        found += 1;
        if (found === lines) return Promise.resolve({ from: top - length + index + 1, lines });
      }
      top -= length;
    }
    return Promise.resolve({ from: start, lines: end > start ? found + 1 : 0 });
  }

  close(): void {
    closeSync(this.#descriptor);
  }

  #endOf({ to }: Part): number {
    const { size } = fstatSync(this.#descriptor);
    return Math.min(to ?? size, size);
  }
}

/** A file that was compressed. It is read on from where it was, or again from its start. */
export class CompressedFile implements LogFile {
  readonly #descriptor: number;
  #stream: Readable | null = null;
  #pieces: AsyncIterator<unknown> | null = null;
  #piece: Buffer = Buffer.alloc(0);
  #offset = 0;

  constructor(descriptor: number) {
    this.#descriptor = descriptor;
  }

  async *read(part: Part): AsyncGenerator<Buffer> {
    const from = startOf(part);
    const to = part.to ?? Number.MAX_SAFE_INTEGER;
    if (from < this.#offset) this.#restart();
    while (this.#offset < to) {
      if (this.#piece.length === 0 && !(await this.#hasNext())) return;
      const length = Math.min(this.#piece.length, (this.#offset < from ? from : to) - this.#offset);
      const taken = this.#piece.subarray(0, length);
      const isWanted = this.#offset >= from;
      this.#piece = this.#piece.subarray(length);
      this.#offset += length;
      if (isWanted) yield taken;
    }
  }

  async lastLines(part: Part, lines: number): Promise<LastLines> {
    const starts = [startOf(part)];
    let end = startOf(part);
    for await (const piece of this.read(part)) {
      for (let index = piece.indexOf(newline); index !== -1; index = piece.indexOf(newline, index + 1)) {
        starts.push(end + index + 1);
        if (starts.length > 2 * lines + 2) starts.splice(0, starts.length - lines - 1);
      }
      end += piece.length;
    }
    // Behind the newline at the very end there is no line.
    if (starts.at(-1) === end) starts.pop();
    const last = starts.slice(-lines);
    return { from: last[0] ?? end, lines: last.length };
  }

  close(): void {
    this.#restart();
    closeSync(this.#descriptor);
  }

  #restart(): void {
    this.#stream?.destroy();
    this.#stream = null;
    this.#pieces = null;
    this.#piece = Buffer.alloc(0);
    this.#offset = 0;
  }

  async #hasNext(): Promise<boolean> {
    this.#pieces ??= this.#open();
    const next: IteratorResult<unknown> = await this.#pieces.next();
    if (next.done === true || !Buffer.isBuffer(next.value)) return false;
    this.#piece = next.value;
    return true;
  }

  #open(): AsyncIterator<unknown> {
    // A stream of the file would still read from the descriptor after it was closed.
    const file = Readable.from(chunksOf(this.#descriptor));
    // What goes wrong in either comes out of the iterator.
    const { createGunzip } = process.getBuiltinModule('node:zlib');
    this.#stream = pipeline(file, createGunzip({ chunkSize: chunkBytes }), () => undefined);
    return this.#stream[Symbol.asyncIterator]();
  }
}

function* chunksOf(descriptor: number): Iterable<Buffer> {
  for (let offset = 0; ;) {
    const buffer = Buffer.allocUnsafe(chunkBytes);
    const bytes = readSync(descriptor, buffer, 0, chunkBytes, offset);
    if (bytes === 0) return;
    offset += bytes;
    yield buffer.subarray(0, bytes);
  }
}

function startOf({ from, to }: Part): number {
  return to !== null && to < from ? 0 : from;
}

function newlineBefore(buffer: Buffer, end: number): number {
  return end === 0 ? -1 : buffer.lastIndexOf(newline, end - 1);
}
