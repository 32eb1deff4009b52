import { readdirSync } from 'node:fs';
import { lstat, readdir, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { createCompressor } from './compress.ts';
import { parseAsideName, type AsideFile } from './log-files.ts';
import { isSystemRefusal } from './system-refusal.ts';

/** A compression that was begun so long ago is not in progress any more. */
const staleAfterMs = 60 * 60 * 1_000;

/** What is wanted of the files that a chain has set aside. */
export interface AsideWishes {
  readonly chain: string;
  /** Generations up to this one go. */
  readonly newestRemoved: number;
  readonly isCompressed: boolean;
  /** What the files set aside of all chains may take together; `null` for no limit. */
  readonly totalLimitBytes: number | null;
}

/** Looks after the files of all chains of a folder that were set aside. */
export interface AsideFiles {
  /** Removes what is too old or too much, and compresses the rest, while the chains go on. */
  tidy(wishes: AsideWishes): void;
  /** The same for a chain that begins, if a runner before has left files uncompressed: one that ends stops in between. */
  resume(wishes: AsideWishes): void;
}

/** Begins to look after a folder. What it cannot do is left to the next time. */
export function keepAsideFiles(folder: string): AsideFiles {
  const compressor = createCompressor();
  const wanted = new Map<string, AsideWishes>();
  let isBusy = false;
  /** The chains that had uncompressed files when the first chain began; `null` before that. */
  let unfinished: ReadonlySet<string> | null = null;

  async function work(): Promise<void> {
    isBusy = true;
    while (wanted.size > 0) {
      const now = new Map(wanted);
      wanted.clear();
      const compressible = await makeRoom(folder, now);
      for (const path of compressible) compressor.add(path);
    }
    isBusy = false;
  }

  function tidy(wishes: AsideWishes): void {
    wanted.set(wishes.chain, wishes);
    if (!isBusy) void work();
  }

  return {
    tidy,
    resume(wishes) {
      unfinished ??= chainsWithUncompressed(folder);
      if (wishes.isCompressed && unfinished.has(wishes.chain)) tidy(wishes);
    },
  };
}

// One look at the folder serves ten thousand chains that begin.
function chainsWithUncompressed(folder: string): ReadonlySet<string> {
  try {
    const files = readdirSync(folder).flatMap((name) => parseAsideName(name) ?? []);
    return new Set(files.filter(({ isCompressed }) => !isCompressed).map(({ chain }) => chain));
  } catch (error) {
    if (isSystemRefusal(error)) return new Set();
    throw error;
  }
}

interface FoundFile extends AsideFile {
  readonly path: string;
  readonly bytesOnDisk: number;
  readonly size: number;
  readonly changedAtMs: number;
}

/** Removes files; gives the paths of those that are to be compressed. */
async function makeRoom(
  folder: string,
  wanted: ReadonlyMap<string, AsideWishes>,
): Promise<readonly string[]> {
  const found: FoundFile[] = [];
  for (const name of await namesIn(folder)) {
    const path = join(folder, name);
    if (name.endsWith('.gz.tmp')) await removeStale(path);
    const file = parseAsideName(name);
    const newestRemoved = wanted.get(file?.chain ?? '')?.newestRemoved ?? 0;
    if (file === null) continue;
    if (file.generation <= newestRemoved) await remove(path);
    else found.push(...(await look(path, file)));
  }
  const limits = [...wanted.values()].flatMap(({ totalLimitBytes }) => totalLimitBytes ?? []);
  const kept = await removeOldest(found, Math.min(...limits));
  return kept
    .filter((file) => wanted.get(file.chain)?.isCompressed === true && isWorthCompressing(file))
    .map(({ path }) => path);
}

async function removeOldest(files: readonly FoundFile[], limitBytes: number): Promise<readonly FoundFile[]> {
  const oldestFirst = files.toSorted(
    (one, other) => one.changedAtMs - other.changedAtMs || one.generation - other.generation,
  );
  let totalBytes = files.reduce((sum, { bytesOnDisk }) => sum + bytesOnDisk, 0);
  while (totalBytes > limitBytes) {
    const oldest = oldestFirst.shift();
    if (oldest === undefined) break;
    totalBytes -= oldest.bytesOnDisk;
    await remove(oldest.path);
  }
  return oldestFirst;
}

// What has a hole in its middle, or lies on a disk that compresses by itself, would only cost time.
function isWorthCompressing({ isCompressed, bytesOnDisk, size }: FoundFile): boolean {
  return !isCompressed && bytesOnDisk * 2 > size;
}

async function namesIn(folder: string): Promise<readonly string[]> {
  try {
    return await readdir(folder);
  } catch (error) {
    if (isSystemRefusal(error)) return [];
    throw error;
  }
}

// Another runner may have removed or compressed it just now.
async function look(path: string, file: AsideFile): Promise<FoundFile[]> {
  try {
    const { blocks, size, mtimeMs } = await lstat(path);
    return [{ ...file, path, size, bytesOnDisk: blocks * 512, changedAtMs: mtimeMs }];
  } catch (error) {
    if (isSystemRefusal(error)) return [];
    throw error;
  }
}

async function removeStale(path: string): Promise<void> {
  const [file] = await look(path, { chain: '', generation: 0, isCompressed: true });
  if (file !== undefined && Date.now() - file.changedAtMs > staleAfterMs) await remove(path);
}

async function remove(path: string): Promise<void> {
  try {
    await rm(path, { force: true });
  } catch (error) {
    if (!isSystemRefusal(error)) throw error;
  }
}
