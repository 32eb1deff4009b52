import type { KeyPath } from '../problem.ts';

/** Where the values of a text stand. The children of a list are named by their position. */
export interface PlaceTree {
  /** Of the key, or of the value where there is none. */
  readonly offset: number;
  readonly children: ReadonlyMap<string, PlaceTree>;
}

/** A key that stands twice in the same object. */
export interface DuplicateKey {
  readonly path: KeyPath;
  readonly offset: number;
  readonly firstOffset: number;
}

/** A text whose places are known. */
export interface PlacedText {
  /** As it is shown: `runner.config.yaml`. */
  readonly file: string;
  readonly text: string;
  readonly tree: PlaceTree;
}

/** A function that says `runner.config.yaml:12:9` for a path, or for the deepest place above it that is known. */
export function placesIn({ file, text, tree }: PlacedText): (path: KeyPath) => string {
  const lineStarts = [0, ...[...text.matchAll(/\n/g)].map(({ index }) => index + 1)];
  return (path) => {
    let node = tree;
    for (const key of path) {
      const child = node.children.get(String(key));
      if (child === undefined) break;
      node = child;
    }
    const line = countUpTo(lineStarts, node.offset);
    return `${file}:${line}:${node.offset - (lineStarts[line - 1] ?? 0) + 1}`;
  };
}

/** `12:9` for an offset in a text; both count from 1. */
export function lineAndColumn(text: string, offset: number): string {
  const before = text.slice(0, offset);
  const line = before.split('\n').length;
  return `${line}:${offset - before.lastIndexOf('\n')}`;
}

/** How many of the sorted numbers are at most `limit`. */
function countUpTo(numbers: readonly number[], limit: number): number {
  let [low, high] = [0, numbers.length];
  while (low < high) {
    const middle = (low + high) >> 1;
    if ((numbers[middle] ?? 0) <= limit) low = middle + 1;
    else high = middle;
  }
  return low;
}
