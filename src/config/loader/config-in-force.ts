import { extname, join } from 'node:path';
import { quoted } from '../../core/quoted.ts';
import { explainBadName, isChainName } from '../chain-name.ts';
import type { CheckedConfig, CheckedHost } from '../checked-config.ts';
import type { ConfigInForce } from '../chosen-chains.ts';
import { didYouMean, listOf } from '../did-you-mean.ts';
import type { LoadRequest } from '../loaded.ts';
import { showPath, type Problem } from '../problem.ts';
import { configSchema } from '../schema.ts';
import { problemWithWriters } from '../trust.ts';
import { checkData } from './checked-data.ts';
import { lineAndColumn, placesIn, type PlacedText } from './place-tree.ts';
import { toPlainData, type TellValue } from './plain-data.ts';
import { readJson, type ReadData } from './read-json.ts';
import { readModule } from './read-module.ts';
import { readConfigText } from './read-text.ts';
import { readYaml } from './read-yaml.ts';
import { scanLiterals } from './scan-literals.ts';

/** What of a configuration file is sound, `null` when nothing is, and all that is wrong with it. */
export interface ReadConfig {
  readonly config: ConfigInForce | null;
  readonly problems: readonly Problem[];
}

/** Reads and checks the configuration file of that name in the project root. */
export async function readConfig(file: string, request: LoadRequest): Promise<ReadConfig> {
  const path = join(request.directory, file);
  const read = readConfigText(path);
  if (read.kind === 'problem') return onlyProblem(file, read.problem);
  const untrusted = problemWithWriters(path);
  if (untrusted !== null) return onlyProblem(file, `Cannot use the configuration as root: ${untrusted}`);
  const { text } = read;
  if (text.trim() === '') {
    return onlyProblem(
      file,
      'Cannot read the configuration: the file is empty, write an object with "chains"',
    );
  }
  if (/^\.[mc]?[jt]s$/.test(extname(file))) return readCode(file, text, request);
  const data = file.endsWith('.json') ? readJson(text) : readYaml(text);
  return checkRead({ file, text }, data);
}

function onlyProblem(at: string, message: string): ReadConfig {
  return { config: null, problems: [{ at, path: null, message }] };
}

async function readCode(file: string, text: string, request: LoadRequest): Promise<ReadConfig> {
  const path = join(request.directory, file);
  const { directory, cacheDirectory } = request;
  const module = await readModule({ file: path, directory, cacheDirectory });
  if (module.kind === 'problem') return onlyProblem(module.at ?? file, module.problem);
  return checkValue(module.value, { file, text, tree: scanLiterals(text) }, []);
}

function checkRead(
  { file, text }: { readonly file: string; readonly text: string },
  data: ReadData,
): ReadConfig {
  if (data.kind === 'problem') {
    return onlyProblem(`${file}:${data.place}`, `Cannot read the configuration: ${data.problem}`);
  }
  const duplicates = data.duplicates.map(({ path, offset, firstOffset }) => ({
    at: `${file}:${lineAndColumn(text, offset)}`,
    path: showPath(path),
    message: `Cannot have the key ${quoted(String(path.at(-1)))} twice: it is already in line ${lineOf(text, firstOffset)}, leave one out`,
  }));
  return checkValue(data.value, { file, text, tree: data.tree }, duplicates);
}

function lineOf(text: string, offset: number): string {
  return lineAndColumn(text, offset).replace(/:.*$/, '');
}

function checkValue(value: unknown, placed: PlacedText, duplicates: readonly Problem[]): ReadConfig {
  const problems = [...duplicates];
  const placeOf = placesIn(placed);
  const ofNobody = new Set<string>();
  const tell: TellValue = (path, message) => {
    problems.push({ at: placeOf(path), path: showPath(path), message });
    const [top, chain, key] = path;
    if (top === 'chains' && isAboutUser(key)) ofNobody.add(String(chain));
  };
  const plain = toPlainData(value, tell);
  const names = namesIn(plain);
  const checked = checkData(configSchema, withoutNotes(plain), tell);
  tellBadNames(names, tell);
  if (checked === null) return { config: null, problems };
  if (names.length === 0 && problems.length === 0) tell(['chains'], noChains);
  // A chain whose user cannot be read is not looked into as the runner, which may be root.
  const chains = Object.entries(checked.chains).filter(([name]) => isChainName(name) && !ofNobody.has(name));
  const hosts = hostsOf(checked, names, tell);
  const config = { ...checked, chains: Object.fromEntries(chains), hosts };
  return { config: { file: placed.file, config, names, placeOf }, problems };
}

/** Also what is probably a slip of it. */
function isAboutUser(key: string | number | undefined): boolean {
  return typeof key === 'string' && didYouMean(key, ['user', 'group']) !== '';
}

const noChains =
  'Cannot run anything: there is no chain, write one such as { mail: { tasks: ["tasks.sendMail"] } }';

/** Keys at the top that start with `x-` are the user's own, such as a place for YAML anchors. */
function withoutNotes(plain: unknown): unknown {
  if (typeof plain !== 'object' || plain === null || Array.isArray(plain)) return plain;
  return Object.fromEntries(Object.entries(plain).filter(([key]) => !key.startsWith('x-')));
}

function namesIn(plain: unknown): string[] {
  const chains = typeof plain === 'object' && plain !== null && 'chains' in plain ? plain.chains : null;
  return typeof chains === 'object' && chains !== null && !Array.isArray(chains) ? Object.keys(chains) : [];
}

function tellBadNames(names: readonly string[], tell: TellValue): void {
  const twins = new Map<string, string>();
  for (const name of names) {
    if (!isChainName(name)) tell(['chains', name], `Cannot name the chain: ${explainBadName(name)}`);
    const twin = twins.get(name.toLowerCase());
    if (twin === undefined) twins.set(name.toLowerCase(), name);
    else {
      tell(
        ['chains', name],
        `Cannot name the chain ${quoted(name)}: there is a chain ${quoted(twin)}, write names that differ in more than capitals`,
      );
    }
  }
}

/** Leaves out what hosts say about chains that are not there. */
function hostsOf(
  checked: CheckedConfig,
  names: readonly string[],
  tell: TellValue,
): Record<string, CheckedHost> {
  const hosts = Object.entries(checked.hosts ?? {}).map(([pattern, host]): [string, CheckedHost] => {
    const known = Object.entries(host.chains).filter(([name]) => {
      if (names.includes(name)) return true;
      const known = names.length === 0 ? 'there are none' : `there is ${listOf(names)}`;
      tell(
        ['hosts', pattern, 'chains', name],
        `Cannot find a chain ${quoted(name)} for these hosts: ${known}${didYouMean(name, names)}`,
      );
      return false;
    });
    return [pattern, { chains: Object.fromEntries(known) }];
  });
  return Object.fromEntries(hosts);
}
