import { readdirSync, statSync } from 'node:fs';
import { join, relative } from 'node:path';

/** Where a module path such as `jobs.mail` leads to. Files are absolute. */
export type FoundModule =
  | { readonly kind: 'found'; readonly file: string }
  | { readonly kind: 'several'; readonly files: readonly string[] }
  /** `pattern` is what was looked for, relative; `neighbours` are the module paths of the same folder. */
  | { readonly kind: 'none'; readonly pattern: string; readonly neighbours: readonly string[] };

const extensions = ['ts', 'mts', 'js', 'mjs', 'cjs'];
const pattern = `{${extensions.join(',')}}`;

/**
 * Finds `jobs/mail.ts` (or .mts, .js, .mjs, .cjs) or `jobs/mail/index.*` for the parts `['jobs', 'mail']`.
 * @param directory absolute; the project root.
 */
export function findModule(directory: string, parts: readonly string[]): FoundModule {
  const base = join(directory, ...parts);
  const candidates = extensions.flatMap((extension) => [
    `${base}.${extension}`,
    join(base, `index.${extension}`),
  ]);
  const files = candidates.filter(isFile);
  const [file] = files;
  if (file === undefined) return nothingFound(directory, parts);
  return files.length === 1 ? { kind: 'found', file } : { kind: 'several', files };
}

function nothingFound(directory: string, parts: readonly string[]): FoundModule {
  const folder = join(directory, ...parts.slice(0, -1));
  const base = relative(directory, join(directory, ...parts));
  return {
    kind: 'none',
    pattern: `${base}.${pattern} and ${base}/index.${pattern}`,
    neighbours: modulesIn(folder).map((name) => [...parts.slice(0, -1), name].join('.')),
  };
}

function modulesIn(folder: string): string[] {
  const entries =
    statSync(folder, { throwIfNoEntry: false })?.isDirectory() === true ? readdirSync(folder) : [];
  return entries.flatMap((entry) => {
    const name = /^(?<name>[^.]+)\.(?:[mc]?js|m?ts)$/.exec(entry)?.groups?.['name'];
    return name === undefined ? [] : [name];
  });
}

function isFile(path: string): boolean {
  return statSync(path, { throwIfNoEntry: false })?.isFile() === true;
}
