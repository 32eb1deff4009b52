import { existsSync, readFileSync } from 'node:fs';
import { join, relative } from 'node:path';
import { quoted } from '../../core/quoted.ts';
import type { RunUser } from '../../core/identity.ts';
import { findModule } from '../../user-code/find-module.ts';
import { didYouMean, listOf } from '../did-you-mean.ts';
import { showPath, type KeyPath, type Problem } from '../problem.ts';
import type { FunctionAnswer, Functions, WantedFunction } from '../resolved-chain.ts';
import { layerOf } from '../settings.ts';
import { problemWithWriters } from '../trust.ts';
import { checkData } from './checked-data.ts';
import { codeVersion } from './code-version.ts';
import { importFunction, type ImportAnswer } from './import-answer.ts';
import { importAsUser } from './import-as-user.ts';
import { lineAndColumn } from './place-tree.ts';
import { toPlainData, type TellValue } from './plain-data.ts';
import { offsetOfExport } from './scan-literals.ts';

/** Where the modules of a project are. */
export interface Project {
  /** The project root, absolute. */
  readonly directory: string;
  readonly cacheDirectory: string | null;
  /** The config loader, absolute: it imports the modules of chains that run as another user. */
  readonly loaderFile: string;
  /** Told before a module is imported, with its path below the root: the import may never end. */
  readonly importing: (module: string) => void;
}

/**
 * Imports the modules of functions in the surroundings of their chain: into this process, or into one of the chain's
 * user.
 */
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
      `Cannot choose the module ${quoted(wanted.moduleParts.join('.'))}: found ${files}, keep one of them`,
    );
  }
  const module = relative(project.directory, found.file);
  project.importing(module);
  const answer = await importFor(wanted, found.file, project);
  switch (answer.kind) {
    case 'failed': {
      const place = answer.at === null ? module : relative(project.directory, answer.at);
      return refusedAt(place, `Cannot import "${module}"${asWhom(wanted)}: ${answer.message}`);
    }
    case 'no export':
      return refused(explainNoExport(module, wanted.exportName, answer.exported));
    case 'not a function':
      return refused(
        `Cannot call ${quoted(wanted.exportName)} of ${module}: found ${answer.found}, export a function`,
      );
    case 'function':
      return withOptions(answer, { file: found.file, module, exportName: wanted.exportName });
  }
}

function importFor(
  wanted: WantedFunction,
  file: string,
  project: Project,
): ImportAnswer | Promise<ImportAnswer> {
  const { exportName, directory, environment } = wanted;
  const { directory: root, cacheDirectory, loaderFile } = project;
  const request = { file, exportName, root, directory, environment, cacheDirectory };
  const other = otherUser(wanted);
  if (other !== null) return importAsUser(other, loaderFile, request);
  const untrusted = problemWithWriters(file);
  if (untrusted === null) return importFunction(request);
  return { kind: 'failed', message: `this runner is root, and ${untrusted}`, at: null };
}

function asWhom(wanted: WantedFunction): string {
  const other = otherUser(wanted);
  return other === null ? '' : ` as "${other.name}"`;
}

function otherUser({ user }: WantedFunction): RunUser | null {
  return user === null || user.uid === process.geteuid?.() ? null : user;
}

interface FunctionPlace {
  readonly file: string;
  readonly module: string;
  readonly exportName: string;
}

async function withOptions(
  { options, problems: found }: Extract<ImportAnswer, { kind: 'function' }>,
  { file, module, exportName }: FunctionPlace,
): Promise<FunctionAnswer> {
  if (options === undefined) return { file, layer: {}, problems: [] };
  const problems: Problem[] = [];
  const at = placeOfExport(file, module, exportName);
  const tell: TellValue = (path: KeyPath, message) =>
    problems.push({ at, path: showPath([exportName, ...path]), message });
  for (const { path, message } of found) tell(path, message);
  const { taskOptionsSchema } = await import('../schema.ts');
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
    ? `, to run the file write ${quoted(`./${text}`)}`
    : didYouMean(module, neighbours).replace(/"\?$/, `.${exportName}"?`);
  return `Cannot find the module of ${quoted(text)}: there is neither ${pattern.replace(' and ', ' nor ')} in ${directory}${advice}`;
}

function explainNoExport(module: string, name: string, exported: readonly string[]): string {
  const names = exported.filter((one) => one !== 'default');
  const offered = names.length === 0 ? 'nothing' : listOf(names);
  return `Cannot find ${quoted(name)} in ${module}: it exports ${offered}${didYouMean(name, names)}`;
}
