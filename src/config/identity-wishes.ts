import type { IoPriority } from '../core/identity.ts';
import { quoted } from '../core/quoted.ts';
import type { CheckedHostChain, CheckedLimits } from './checked-config.ts';
import type { ChosenChain } from './chosen-chains.ts';
import type { IdentityHost, RunnerRights } from './identity-host.ts';
import type { TypedOptions } from './loaded.ts';
import type { KeyPath, Problem } from './problem.ts';

/** What it takes to resolve an identity. */
export interface ResolvingIdentity {
  readonly options: TypedOptions;
  readonly host: IdentityHost;
  /** Whether a task of the chain is a function, so that its worker is a Node process that serves many runs. */
  readonly hasFunctions: boolean;
  readonly report: (problem: Problem) => void;
}

/** A value as it was written, and where. */
export interface Wish<Value> {
  readonly value: Value;
  /** As the table of values shows it. */
  readonly from: string;
  /** As a problem shows it. */
  readonly at: string;
  readonly path: string | null;
}

/** What this runner may do, for those who judge a wish. */
export interface Judging extends ResolvingIdentity {
  readonly rights: RunnerRights;
}

/** All that is written of a chain's identity; the strongest of each. */
export interface Wishes {
  readonly user: Wish<string> | null;
  readonly group: Wish<string> | null;
  readonly noNewPrivileges: Wish<boolean> | null;
  readonly umask: Wish<number> | null;
  readonly nice: Wish<number> | null;
  readonly ionice: Wish<IoPriority> | null;
  readonly cpus: Wish<string> | null;
  readonly limits: LimitWishes | null;
}

/** The wishes for limits. */
export type LimitWishes = Readonly<Record<keyof CheckedLimits, Wish<number> | null>>;

/** Collects what is written about a chain's identity. */
export function wishesOf(chosen: ChosenChain, { options, report }: ResolvingIdentity): Wishes {
  const { chain } = chosen;
  const written = <Value>(value: Value | undefined, path: KeyPath): Wish<Value> | null =>
    value === undefined ? null : wishAt(chosen, path, value);
  const strongest = <Value>(path: KeyPath, read: (values: CheckedHostChain) => Value | undefined) => {
    const sources = [...chosen.hosts.toReversed(), { ...chosen, values: chain }];
    const source = sources.find(({ values }) => read(values) !== undefined);
    const value = source === undefined ? undefined : read(source.values);
    return source === undefined || value === undefined ? null : wishAt(source, path, value);
  };
  const limit = (key: keyof CheckedLimits): Wish<number> | null =>
    strongest(['limits', key], ({ limits }) => limits?.[key]);
  const limits = {
    files: limit('files'),
    memory: limit('memory'),
    processes: limit('processes'),
    cpu: limit('cpu'),
  };
  return {
    user: options.user === undefined ? written(chain.user, ['user']) : typed('--user', options.user),
    // Who types a user means the group of that user.
    group: options.user === undefined ? written(chain.group, ['group']) : null,
    noNewPrivileges: written(chain.noNewPrivileges, ['noNewPrivileges']),
    umask: written(chain.umask, ['umask']),
    nice:
      options.nice === undefined ? strongest(['nice'], ({ nice }) => nice) : typedNice(options.nice, report),
    ionice: strongest(['ionice'], ({ ionice }) => ionice),
    cpus: strongest(['cpus'], ({ cpus }) => cpus),
    limits: Object.values(limits).every((wish) => wish === null) ? null : limits,
  };
}

function wishAt<Value>(
  { fromOf, placeOf, showPath }: Pick<ChosenChain, 'fromOf' | 'placeOf' | 'showPath'>,
  path: KeyPath,
  value: Value,
): Wish<Value> {
  return { value, from: fromOf(path), at: placeOf(path), path: showPath(path) };
}

function typed<Value>(option: string, value: Value): Wish<Value> {
  return { value, from: option, at: option, path: null };
}

function typedNice(text: string, report: (problem: Problem) => void): Wish<number> | null {
  const nice = Number(text);
  if (/^[+-]?\d+$/.test(text) && nice >= -20 && nice <= 19) return typed('--nice', nice);
  const message = `Cannot read the priority: found ${quoted(text)}, write a whole number from -20 to 19`;
  report({ at: '--nice', path: null, message });
  return null;
}

/** Reports what is wrong with a wish. */
export function refuse({ report }: ResolvingIdentity, { at, path }: Wish<unknown>, message: string): null {
  report({ at, path, message });
  return null;
}
