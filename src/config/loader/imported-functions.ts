import { existsSync, readFileSync } from 'node:fs';
import { join, relative } from 'node:path';
import { findModule } from '../../user-code/find-module.ts';
import { importModule } from '../../user-code/import-module.ts';
import { taskFunction } from '../../user-code/task.ts';
import { describeUserError } from '../../user-code/user-error.ts';
import { didYouMean, listOf } from '../did-you-mean.ts';
import { showPath, type KeyPath, type Problem } from '../problem.ts';
import type { FunctionAnswer, Functions, WantedFunction } from '../resolved-chain.ts';
import { taskOptionsSchema } from '../schema.ts';
import { layerOf } from '../settings.ts';
import { checkData } from './checked-data.ts';
import { codeVersion } from './code-version.ts';
import { lineAndColumn } from './place-tree.ts';
import { toPlainData, type TellValue } from './plain-data.ts';
import { offsetOfExport } from './scan-literals.ts';

/** Where the modules of a project are. */
export interface Project {
  /** The project root, absolute. */
  readonly directory: string;
  readonly cacheDirectory: string | null;
  /** Told before a module is imported, with its path below the root: the import may never end. */
  readonly importing: (module: string) => void;
}

/** Imports the modules of functions into this process, in the surroundings of their chain. */
export function importedFunctions(project: Project): Functions {
  // The same for all chains: to look at it once is enough.
  let code: string | null = null;
  return {
    find: (wanted) => findFunction(wanted, project),
    codeVersion: () => (code ??= codeVersion(project.directory)),
  };
}

async function findFunction(wanted: WantedFunction, project: Project): Promise<FunctionAnswer> {
  const found = findModule(project.directory, wanted.moduleParts);
  if (found.kind === 'none') return refused(explainNoModule(found, wanted, project));
  if (found.kind === 'several') {
    const files = listOf(found.files.map((file) => relative(project.directory, file)));
    return refused(
      `Cannot choose the module "${wanted.moduleParts.join('.')}": found ${files}, keep one of them`,
    );
  }
  const module = relative(project.directory, found.file);
  project.importing(module);
  enter(wanted);
  const imported = await importModule(found.file, { cacheDirectory: project.cacheDirectory });
  if (imported.kind === 'failed') {
    const { message, at } = describeUserError(imported.error, project.directory);
    const place = at === null ? module : relative(project.directory, at);
    return refusedAt(place, `Cannot import "${module}": ${message}`);
  }
  const answer = taskFunction(imported.namespace, wanted.exportName);
  switch (answer.kind) {
    case 'no export':
      return refused(explainNoExport(module, wanted.exportName, answer.exported));
    case 'not a function':
      return refused(
        `Cannot call "${wanted.exportName}" of ${module}: found ${answer.found}, export a function`,
      );
    case 'function':
      return withOptions(answer.options, { file: found.file, module, exportName: wanted.exportName });
  }
}

/** The module shall see what its tasks will see. */
function enter({ directory, environment }: WantedFunction): void {
  process.chdir(directory);
  for (const name of Object.keys(process.env)) Reflect.deleteProperty(process.env, name);
  Object.assign(process.env, environment);
}

interface FunctionPlace {
  readonly file: string;
  readonly module: string;
  readonly exportName: string;
}

function withOptions(options: unknown, { file, module, exportName }: FunctionPlace): FunctionAnswer {
  if (options === undefined) return { file, layer: {}, problems: [] };
  const problems: Problem[] = [];
  const at = placeOfExport(file, module, exportName);
  const tell: TellValue = (path: KeyPath, message) =>
    problems.push({ at, path: showPath([exportName, ...path]), message });
  const settings = checkData(taskOptionsSchema, toPlainData(options, tell), tell);
  return {
    file,
    layer: settings === null ? {} : layerOf(settings, () => `beside the function, ${module}`),
    problems,
  };
}

function placeOfExport(file: string, module: string, exportName: string): string {
  const text = readFileSync(file, 'utf8');
  const offset = offsetOfExport(text, exportName);
  return offset === null ? module : `${module}:${lineAndColumn(text, offset)}`;
}

function refused(message: string): FunctionAnswer {
  return { file: null, layer: {}, problems: [{ at: null, path: null, message }] };
}

function refusedAt(at: string, message: string): FunctionAnswer {
  return { file: null, layer: {}, problems: [{ at, path: null, message }] };
}

interface Nowhere {
  readonly pattern: string;
  readonly neighbours: readonly string[];
}

function explainNoModule(
  { pattern, neighbours }: Nowhere,
  wanted: WantedFunction,
  { directory }: Project,
): string {
  const { moduleParts, exportName } = wanted;
  const module = moduleParts.join('.');
  const text = `${module}.${exportName}`;
  const isFile = existsSync(join(wanted.directory, text));
  const advice = isFile
    ? `, to run the file write "./${text}"`
    : didYouMean(module, neighbours).replace(/"\?$/, `.${exportName}"?`);
  return `Cannot find the module of "${text}": there is neither ${pattern.replace(' and ', ' nor ')} in ${directory}${advice}`;
}

function explainNoExport(module: string, name: string, exported: readonly string[]): string {
  const names = exported.filter((one) => one !== 'default');
  const offered = names.length === 0 ? 'nothing' : listOf(names);
  return `Cannot find "${name}" in ${module}: it exports ${offered}${didYouMean(name, names)}`;
}
