import { mkdir, readFile } from 'node:fs/promises';
import { extname } from 'node:path';
import { pathToFileURL } from 'node:url';
import type { Jiti } from 'jiti';

/** A module of the user, or what it threw. */
export type ImportedModule =
  | { readonly kind: 'imported'; readonly namespace: object }
  | { readonly kind: 'failed'; readonly error: unknown };

/** Where jiti keeps the TypeScript it compiled; `null` for nowhere. */
export interface ImportOptions {
  readonly cacheDirectory: string | null;
}

// What says, before any code ran, that Node cannot load a module which jiti may be able to load.
const codesJitiMayHandle: ReadonlySet<string> = new Set([
  'ERR_UNKNOWN_FILE_EXTENSION',
  'ERR_UNSUPPORTED_TYPESCRIPT_SYNTAX',
  'ERR_INVALID_TYPESCRIPT_SYNTAX',
  'ERR_UNSUPPORTED_NODE_MODULES_TYPE_STRIPPING',
  'ERR_UNSUPPORTED_DIR_IMPORT',
  'ERR_MODULE_NOT_FOUND',
]);

const imported = new Map<string, Promise<ImportedModule>>();

/**
 * Imports a JavaScript or TypeScript file, ES module or CommonJS. A file is imported once in the life of
 * the process: the second call gives the first answer, also when that was a failure.
 * Never resolves when the module waits for ever at its top level.
 * @param file absolute
 */
export function importModule(file: string, options: ImportOptions): Promise<ImportedModule> {
  const known = imported.get(file);
  if (known !== undefined) return known;
  const answer = importOnce(file, options);
  imported.set(file, answer);
  return answer;
}

async function importOnce(file: string, options: ImportOptions): Promise<ImportedModule> {
  const isTypeScript = /^\.[mc]?ts$/.test(extname(file));
  if (isTypeScript && !hasNativeTypeScript()) return importByJiti(file, options);
  const answer = await importByNode(file);
  if (answer.kind === 'imported') return answer;
  if (!answer.hasStarted && mayJitiHandle(answer.error, isTypeScript)) return importByJiti(file, options);
  return { kind: 'failed', error: await withPlace(answer.error, file) };
}

function hasNativeTypeScript(): boolean {
  // `false` where Node was started without it; absent from Node 20 and its types.
  const feature: unknown = Reflect.get(process.features, 'typescript');
  return typeof feature === 'string';
}

type NodeAnswer =
  | { readonly kind: 'imported'; readonly namespace: object }
  | { readonly kind: 'failed'; readonly error: unknown; readonly hasStarted: boolean };

let imports = 0;

/**
 * The whole graph of a module is linked before any of it runs. A first import beside it, which only sets a
 * mark, therefore tells an error of linking, after which another loader may try, from one of running code,
 * after which nothing may run a second time.
 */
async function importByNode(file: string): Promise<NodeAnswer> {
  imports += 1;
  const mark = Symbol.for(`yourlabs-runner.import.${imports}`);
  const url = pathToFileURL(file).href;
  const setsMark = `globalThis[Symbol.for(${JSON.stringify(mark.description)})] = true;`;
  const both = `import ${JSON.stringify(dataUrl(setsMark))}; import ${JSON.stringify(url)};`;
  try {
    await import(dataUrl(both));
    const namespace: unknown = await import(url);
    return { kind: 'imported', namespace: asObject(namespace) };
  } catch (error) {
    return { kind: 'failed', error, hasStarted: Reflect.has(globalThis, mark) };
  } finally {
    Reflect.deleteProperty(globalThis, mark);
  }
}

function dataUrl(code: string): string {
  return `data:text/javascript,${encodeURIComponent(code)}`;
}

function mayJitiHandle(error: unknown, isTypeScript: boolean): boolean {
  const code: unknown = error instanceof Error ? Reflect.get(error, 'code') : undefined;
  if (!isTypeScript) return code === 'ERR_UNKNOWN_FILE_EXTENSION';
  if (typeof code === 'string') return codesJitiMayHandle.has(code);
  // A type imported as if it were a value: "does not provide an export named ...".
  return error instanceof SyntaxError;
}

async function importByJiti(file: string, options: ImportOptions): Promise<ImportedModule> {
  try {
    const jiti = await createJitiFor(file, options);
    const namespace: unknown = await jiti.import(file);
    return { kind: 'imported', namespace: asObject(namespace) };
  } catch (error) {
    return { kind: 'failed', error };
  }
}

/** A CommonJS module may give a function, a number or nothing as its `module.exports`. */
function asObject(namespace: unknown): object {
  return typeof namespace === 'object' && namespace !== null ? namespace : { default: namespace };
}

async function createJitiFor(file: string, { cacheDirectory }: ImportOptions): Promise<Jiti> {
  const { createJiti } = await import('jiti');
  const hasCache = cacheDirectory !== null && (await makePrivateFolder(cacheDirectory));
  return createJiti(file, {
    fsCache: hasCache ? cacheDirectory : false,
    interopDefault: false,
    tsconfigPaths: true,
  });
}

/** What is in the cache is run, so nobody else may write there. Answers whether there is such a folder. */
async function makePrivateFolder(folder: string): Promise<boolean> {
  try {
    await mkdir(folder, { recursive: true, mode: 0o700 });
    return true;
  } catch (error) {
    // Without a cache all goes on, only slower.
    if (error instanceof Error && 'code' in error) return false;
    throw error;
  }
}

/** Node keeps the place of an error of syntax to itself; jiti's parser says it. */
async function withPlace(error: unknown, file: string): Promise<unknown> {
  if (!(error instanceof SyntaxError) || (error.stack ?? '').includes(file)) return error;
  const jiti = await createJitiFor(file, { cacheDirectory: null });
  const source = await readFile(file, 'utf8');
  const code = jiti.transform({ source, filename: file, async: true, ts: file.endsWith('ts') });
  const place = /^exports\.__JITI_ERROR__ = .*"line":(?<line>\d+),"column":(?<column>\d+)/.exec(code)?.groups;
  if (place === undefined) return error;
  const column = Number(place['column']) + 1;
  Object.defineProperty(error, 'stack', { value: `${file}:${place['line']}:${column}\n${error.stack}` });
  return error;
}
