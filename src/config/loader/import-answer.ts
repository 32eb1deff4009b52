import { importModule } from '../../user-code/import-module.ts';
import { taskFunction } from '../../user-code/task.ts';
import { describeUserError } from '../../user-code/user-error.ts';
import { asText, Fields, NotAMessage } from '../answer-fields.ts';
import type { KeyPath } from '../problem.ts';

/** A function that was looked for in a module, described as data; or why there is none. */
export type ImportAnswer =
  /** `at` is absolute. */
  | { readonly kind: 'failed'; readonly message: string; readonly at: string | null }
  | { readonly kind: 'no export'; readonly exported: readonly string[] }
  | { readonly kind: 'not a function'; readonly found: string }
  /** What stands beside the function, if anything, and what was already found to be wrong with it. */
  | { readonly kind: 'function'; readonly options?: unknown; readonly problems: readonly OptionProblem[] };

/** What is wrong with one of the options beside a function. */
export interface OptionProblem {
  readonly path: KeyPath;
  readonly message: string;
}

/** What is to be imported. All paths are absolute. */
export interface ImportRequest {
  readonly file: string;
  readonly exportName: string;
  /** The project root. */
  readonly root: string;
  /** Where the module finds itself, and its environment. */
  readonly directory: string;
  readonly environment: Readonly<Record<string, string>>;
  readonly cacheDirectory: string | null;
}

/** Imports a module into this process, in the surroundings of its chain. Never resolves when the module never does. */
export async function importFunction(request: ImportRequest): Promise<ImportAnswer> {
  const { file, exportName, root, directory, environment, cacheDirectory } = request;
  // The module shall see what its tasks will see.
  process.chdir(directory);
  for (const name of Object.keys(process.env)) Reflect.deleteProperty(process.env, name);
  Object.assign(process.env, environment);
  const imported = await importModule(file, { cacheDirectory });
  if (imported.kind === 'failed') return { kind: 'failed', ...describeUserError(imported.error, root) };
  const found = taskFunction(imported.namespace, exportName);
  return found.kind === 'function' ? { kind: 'function', options: found.options, problems: [] } : found;
}

/** Reads the request of the process that wants a module imported. @throws when it is none, which is a bug. */
export function readImportRequest(text: string): ImportRequest {
  const request = new Fields(JSON.parse(text));
  return {
    file: request.text('file'),
    exportName: request.text('exportName'),
    root: request.text('root'),
    directory: request.text('directory'),
    environment: request.texts('environment'),
    // The runner's cache is none for another user.
    cacheDirectory: null,
  };
}

/** Reads what a process said in which code of somebody else runs: `null` for what is no answer. */
export function readImportAnswer(text: string): ImportAnswer | null {
  try {
    return importAnswerOf(new Fields(JSON.parse(text)));
  } catch (error) {
    if (error instanceof SyntaxError || error instanceof NotAMessage) return null;
    throw error;
  }
}

function importAnswerOf(answer: Fields): ImportAnswer {
  const kind = answer.choice('kind', ['failed', 'no export', 'not a function', 'function']);
  switch (kind) {
    case 'failed':
      return { kind, message: answer.text('message'), at: answer.textOrNull('at') };
    case 'no export':
      return { kind, exported: answer.list('exported', asText) };
    case 'not a function':
      return { kind, found: answer.text('found') };
    case 'function':
      return { kind, options: answer.value('options'), problems: answer.list('problems', readOptionProblem) };
  }
}

function readOptionProblem(value: unknown): OptionProblem {
  const problem = new Fields(value);
  return { path: problem.list('path', readKey), message: problem.text('message') };
}

function readKey(value: unknown): string | number {
  return typeof value === 'number' ? value : asText(value);
}
