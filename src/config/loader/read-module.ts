import { relative } from 'node:path';
import { importModule } from '../../user-code/import-module.ts';
import { describeUserError } from '../../user-code/user-error.ts';

/** What a configuration module gave, or where and why it gave nothing; `at: null` for the module itself. */
export type ReadModule =
  | { readonly kind: 'value'; readonly value: unknown }
  | { readonly kind: 'problem'; readonly at: string | null; readonly problem: string };

/** Where a configuration module is. */
export interface ConfigModule {
  /** Absolute. */
  readonly file: string;
  /** The project root. */
  readonly directory: string;
  readonly cacheDirectory: string | null;
}

/** Imports a configuration module and takes its default export, or what that returns when it is a function. */
export async function readModule(module: ConfigModule): Promise<ReadModule> {
  const answer = await importModule(module.file, { cacheDirectory: module.cacheDirectory });
  if (answer.kind === 'failed') return failed('import the configuration', answer.error, module);
  const given: unknown = Reflect.get(answer.namespace, 'default');
  // Of CommonJS in TypeScript, jiti gives `module.exports` itself, without a default.
  const value = given ?? (isEsModule(answer.namespace) ? undefined : answer.namespace);
  if (value === undefined) {
    const problem =
      'Cannot find the configuration: the file has no default export, write "export default defineConfig({ ... })"';
    return { kind: 'problem', at: null, problem };
  }
  return isFunction(value) ? callFor(value, module) : { kind: 'value', value: value };
}

function isEsModule(namespace: object): boolean {
  return Reflect.get(namespace, Symbol.toStringTag) === 'Module' || '__esModule' in namespace;
}

function isFunction(value: unknown): value is () => unknown {
  return typeof value === 'function';
}

async function callFor(make: () => unknown, module: ConfigModule): Promise<ReadModule> {
  if (make.length > 0) {
    const problem = 'Cannot call the configuration: its function has parameters, write one without';
    return { kind: 'problem', at: null, problem };
  }
  try {
    return { kind: 'value', value: await make() };
  } catch (error) {
    return failed('call the configuration', error, module);
  }
}

function failed(what: string, error: unknown, { directory }: ConfigModule): ReadModule {
  const { message, at } = describeUserError(error, directory);
  return {
    kind: 'problem',
    at: at === null ? null : relative(directory, at),
    problem: `Cannot ${what}: ${message}`,
  };
}
