import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { numberIn } from './runner-figures.ts';

/** A stretch of time, in microseconds of the monotonic clock. */
export interface Window {
  readonly fromUs: number;
  readonly toUs: number;
}

/** Where the main thread of a Node was, look by look. */
export interface CpuProfile {
  /** Microseconds by the source file whose code was at work; native code by its name. */
  filesIn(window: Window): ReadonlyMap<string, number>;
  /** Microseconds by the folder of `src/`, or what else it was. */
  roomsIn(window: Window): ReadonlyMap<string, number>;
}

/** What a function belongs to. */
interface Place {
  readonly file: string;
  readonly room: string;
}

/** Reads what `node --cpu-prof` has left in a folder about a process that has ended. */
export function openCpuProfile(folder: string, pid: number): CpuProfile {
  const name = readdirSync(folder).find((one) => one.split('.')[3] === String(pid));
  if (name === undefined) throw new Error(`Process ${pid} has left no profile`);
  const profile: unknown = JSON.parse(readFileSync(join(folder, name), 'utf8'));
  const sources = createSources();
  const places = new Map(
    listIn(profile, 'nodes').map((node) => [numberIn(node, 'id'), placeOf(node, sources)]),
  );
  const samples = listIn(profile, 'samples').map(Number);
  const gaps = listIn(profile, 'timeDeltas').map(Number);
  const startUs = numberIn(profile, 'startTime');
  const timesIn = ({ fromUs, toUs }: Window, key: keyof Place): ReadonlyMap<string, number> => {
    const times = new Map<string, number>();
    let atUs = startUs;
    for (const [index, gap] of gaps.entries()) {
      atUs += gap;
      // A look says where it was until the next one.
      const length = gaps[index + 1] ?? 0;
      const place = places.get(samples[index] ?? 0) ?? null;
      if (place === null || atUs < fromUs || atUs > toUs) continue;
      times.set(place[key], (times.get(place[key]) ?? 0) + length);
    }
    return times;
  };
  return {
    filesIn: (window) => timesIn(window, 'file'),
    roomsIn: (window) => timesIn(window, 'room'),
  };
}

/** `null` for waiting. */
function placeOf(node: unknown, sources: (path: string, line: number) => string): Place | null {
  const frame = fieldOf(node, 'callFrame');
  const name = String(fieldOf(frame, 'functionName'));
  const url = String(fieldOf(frame, 'url'));
  if (name === '(idle)' || name === '(root)') return null;
  if (name === '(garbage collector)') return { file: 'garbage collection', room: 'garbage collection' };
  if (name === '(program)') return { file: 'between functions, in Node', room: 'between functions, in Node' };
  if (url === '') return { file: `native: ${name}`, room: 'native functions' };
  if (url.startsWith('node:')) return { file: url, room: "Node's own JavaScript" };
  const file = sources(url.startsWith('file:') ? fileURLToPath(url) : url, numberIn(frame, 'lineNumber'));
  const [, room = file] = /^(src\/[^/]+|node_modules)\//.exec(file) ?? [];
  return { file, room };
}

/** Finds the source file of a line of a bundle, in which a comment with its path precedes each one. */
function createSources(): (path: string, line: number) => string {
  const bundles = new Map<string, readonly string[]>();
  return (path, line) => {
    const lines = bundles.get(path) ?? readFileSync(path, 'utf8').split('\n');
    bundles.set(path, lines);
    const before = lines
      .slice(0, line + 1)
      .findLast((one) => /^\/\/ ?(?:#region )?(?:src|node_modules)\//.test(one));
    return before?.replace(/^\/\/ ?(?:#region )?/, '') ?? path.replace(/^.*\//, '');
  };
}

function listIn(value: unknown, key: string): readonly unknown[] {
  const list = fieldOf(value, key);
  if (!Array.isArray(list)) throw new Error(`The profile has no list "${key}"`);
  return list;
}

function fieldOf(value: unknown, key: string): unknown {
  return typeof value === 'object' && value !== null ? Reflect.get(value, key) : undefined;
}
