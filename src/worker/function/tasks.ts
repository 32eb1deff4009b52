import { basename } from 'node:path';
import { importModule } from '../../user-code/import-module.ts';
import { taskFunction, type TaskFunction } from '../../user-code/task.ts';
import { describeUserError } from '../../user-code/user-error.ts';

/** A task that this worker can run. */
export type LoadedTask =
  | { readonly kind: 'command'; readonly argv: readonly string[] }
  | { readonly kind: 'function'; readonly call: TaskFunction };

/** A task as the runner names it: a command's words, or a function's file and export. */
export interface NamedTask {
  readonly kind: string;
  readonly words: readonly string[];
}

/** The tasks cannot be loaded; `message` is one line for people. */
export class LoadError extends Error {
  override readonly name = 'LoadError';
}

/** Imports the modules of all functions, each once. @throws LoadError */
export async function loadTasks(
  named: readonly NamedTask[],
  cacheDirectory: string | null,
): Promise<readonly LoadedTask[]> {
  const loaded: LoadedTask[] = [];
  for (const task of named) {
    loaded.push(
      task.kind === 'command'
        ? { kind: 'command', argv: task.words }
        : await loadFunction(task.words, cacheDirectory),
    );
  }
  return loaded;
}

async function loadFunction(
  [file = '', exportName = '']: readonly string[],
  cacheDirectory: string | null,
): Promise<LoadedTask> {
  const imported = await importModule(file, { cacheDirectory });
  if (imported.kind === 'failed') {
    const { message, at } = describeUserError(imported.error, process.cwd());
    throw new LoadError(`Cannot import ${basename(file)}: ${message}${at === null ? '' : ` (${at})`}`);
  }
  const found = taskFunction(imported.namespace, exportName);
  switch (found.kind) {
    case 'function':
      return { kind: 'function', call: found.call };
    case 'no export':
      throw new LoadError(`${basename(file)} no longer exports "${exportName}"`);
    case 'not a function':
      throw new LoadError(`"${exportName}" of ${basename(file)} is no longer a function but ${found.found}`);
  }
}
