import { existsSync, fdatasync, openSync } from 'node:fs';

/** Writes what the kernel has of an open file to the disk itself, and says when that is done. */
type SyncFile = (descriptor: number, done: (error: Error | null) => void) => void;

/** How a file is brought to the disk. */
export interface DiskSyncOptions {
  /** The shortest time between the end of one sync and the start of the next, in milliseconds. */
  readonly restMs: number;
  readonly syncFile: SyncFile;
}

/** The real one: at most ten times a second. */
export const usualSync: DiskSyncOptions = { restMs: 100, syncFile: fdatasync };

/**
 * Brings SQLite's write-ahead log to the disk beside the event loop: a commit that waits for the disk would hold up all
 * chains of a runner, on a slow disk for longer than a run takes. This file carries none of SQLite's locks, unlike the
 * database file, which must not be opened by anybody else in this process.
 */
export class DiskSync {
  readonly #path: string;
  readonly #options: DiskSyncOptions;
  #descriptor: number | null = null;
  #isBusy = false;
  #isDirty = false;
  #failure: Error | null = null;

  /** @param path the write-ahead log, `state.db-wal` */
  constructor(path: string, options: DiskSyncOptions) {
    this.#path = path;
    this.#options = options;
  }

  /** Whether there is such a log: not every file system can have one. */
  get isPossible(): boolean {
    return this.#descriptor !== null || existsSync(this.#path);
  }

  /** Something was committed, and is to be on the disk soon. */
  committed(): void {
    this.#isDirty = true;
    if (!this.#isBusy) this.#sync();
  }

  /** The failure of the last sync, told once; `null` when it did not fail. */
  takeFailure(): Error | null {
    const failure = this.#failure;
    this.#failure = null;
    return failure;
  }

  #sync(): void {
    this.#isBusy = true;
    this.#isDirty = false;
    this.#descriptor ??= openSync(this.#path, 'r');
    this.#options.syncFile(this.#descriptor, (error) => {
      this.#failure = error ?? this.#failure;
      // What is still to be written when the process ends is written by SQLite, when it closes the file.
      setTimeout(() => this.#rested(), this.#options.restMs).unref();
    });
  }

  #rested(): void {
    this.#isBusy = false;
    if (this.#isDirty) this.#sync();
  }
}
