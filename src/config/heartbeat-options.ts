import { readFileSync } from 'node:fs';
import { resolve } from 'node:path';
import type { Heartbeat } from '../core/definition.ts';
import { ownValue } from '../core/own-value.ts';
import { quoted } from '../core/quoted.ts';
import type { ChosenChain } from './chosen-chains.ts';
import type { LoadedValue, LoadRequest } from './loaded.ts';
import type { KeyPath, Problem } from './problem.ts';
import type { ConfigHeartbeat, ConfigUrl } from './runner-config.ts';
import { explainFileError } from './system-error.ts';

interface Resolving {
  readonly request: LoadRequest;
  readonly report: (problem: Problem) => void;
}

/** What is pinged for a chain; the problems with it are reported. `null` where nothing is. */
export function heartbeatOf(chosen: ChosenChain, resolving: Resolving): Heartbeat | null {
  const { heartbeat } = chosen.chain;
  if (heartbeat === undefined) return null;
  const read = (key: keyof ConfigHeartbeat): URL | null => readUrl(chosen, key, resolving);
  const [success, failure, healthchecks, cronitor] = [
    read('success'),
    read('failure'),
    read('healthchecks'),
    read('cronitor'),
  ];
  const successUrl = success ?? healthchecks ?? withState(cronitor, 'complete');
  const failureUrl = failure ?? below(healthchecks, 'fail') ?? withState(cronitor, 'fail');
  return { successUrl: successUrl?.href ?? null, failureUrl: failureUrl?.href ?? null };
}

/** The rows of the table of values; addresses are not shown, for they may be secret. */
export function heartbeatRows(heartbeat: Heartbeat | null, chosen: ChosenChain): readonly LoadedValue[] {
  if (heartbeat === null) return [{ path: 'heartbeat', shown: 'none', from: 'default' }];
  const hosts = [heartbeat.successUrl, heartbeat.failureUrl].map((one) =>
    one === null ? 'none' : `(set, at ${new URL(one).host})`,
  );
  const from = chosen.fromOf(['heartbeat']);
  return [
    { path: 'heartbeat.success', shown: hosts[0] ?? '', from },
    { path: 'heartbeat.failure', shown: hosts[1] ?? '', from },
  ];
}

function readUrl(
  chosen: ChosenChain,
  key: keyof ConfigHeartbeat,
  { request, report }: Resolving,
): URL | null {
  const written = chosen.chain.heartbeat?.[key];
  if (written === undefined) return null;
  const path: KeyPath = ['heartbeat', key];
  const found = readText(written, request);
  const address =
    key === 'healthchecks' && isUuid(found.text) ? `https://hc-ping.com/${found.text}` : found.text;
  const parsed = found.problem === null ? parsedUrl(address) : null;
  if (parsed !== null) return parsed;
  // The text itself may be a secret, and is not repeated.
  const message = `Cannot read the URL of the heartbeat: ${found.problem ?? 'it is no address of http or https, write one such as "https://hc-ping.com/UUID"'}`;
  report({ at: chosen.placeOf(path), path: chosen.showPath(path), message });
  return null;
}

function readText(
  written: ConfigUrl,
  { environment, directory }: LoadRequest,
): { readonly text: string; readonly problem: string | null } {
  if (typeof written === 'string') return { text: written, problem: null };
  if ('env' in written) {
    const value = ownValue(environment, written.env);
    return value === undefined || value === ''
      ? {
          text: '',
          problem: `the variable ${quoted(written.env)} is not set in the environment of the runner; set it, or write "file"`,
        }
      : { text: value.trim(), problem: null };
  }
  try {
    return { text: readFileSync(resolve(directory, written.file), 'utf8').trim(), problem: null };
  } catch (error) {
    const why = explainFileError(error);
    if (why === null) throw error;
    const problem = `${quoted(written.file)}: ${why}, write the path of a file that this user can read`;
    return { text: '', problem };
  }
}

function parsedUrl(address: string): URL | null {
  if (!URL.canParse(address)) return null;
  const parsed = new URL(address);
  return parsed.protocol === 'http:' || parsed.protocol === 'https:' ? parsed : null;
}

function isUuid(written: string): boolean {
  return /^[\da-f]{8}(?:-[\da-f]{4}){3}-[\da-f]{12}$/i.test(written);
}

function below(base: URL | null, part: string): URL | null {
  if (base === null) return null;
  const url = new URL(base);
  url.pathname = `${url.pathname.replace(/(?<!\/)\/+$/, '')}/${part}`;
  return url;
}

function withState(base: URL | null, state: string): URL | null {
  if (base === null) return null;
  const url = new URL(base);
  url.searchParams.set('state', state);
  return url;
}
