import type { StoredWait } from '../core/cooldown.ts';
import type { ChainState } from '../core/facts.ts';
import { quoted } from '../core/quoted.ts';
import { newChainState } from '../core/initial.ts';
import { StoreError } from '../ports.ts';

const advice = 'restore the database from a copy, or name another folder with --state-dir';

/**
 * The state that `save` wrote, read back. Only its outline is looked at: the file is this program's own, and
 * SQLite tells a damaged one. What an older version did not know yet is as in a new chain.
 * @throws StoreError when it is not such a state.
 */
export function parseState(text: string, what: string): ChainState {
  const value = parseJson(text, what);
  const state: unknown = isRecord(value) ? { ...newChainState, ...value, run: withLog(value['run']) } : value;
  if (!isChainState(state))
    throw new StoreError(`Cannot read the state of ${what}: found ${quoted(text)}; ${advice}`);
  return state;
}

/** A run of an older version does not know where its output begins. */
function withLog(run: unknown): unknown {
  return isRecord(run) ? { log: null, ...run } : (run ?? null);
}

function parseJson(text: string, what: string): unknown {
  try {
    return JSON.parse(text);
  } catch (error) {
    throw new StoreError(`Cannot read the state of ${what}: it is not JSON; ${advice}`, { cause: error });
  }
}

function isChainState(value: unknown): value is ChainState {
  return (
    isRecord(value) &&
    isCount(value['lastRun']) &&
    isCount(value['pass']) &&
    isCount(value['taskIndex']) &&
    (value['nextTask'] === null || typeof value['nextTask'] === 'string') &&
    isRecord(value['streaks']) &&
    (value['cooldown'] === null || isStoredWait(value['cooldown'])) &&
    (value['pause'] === null || isRecord(value['pause'])) &&
    (value['mute'] === null || isRecord(value['mute'])) &&
    (value['stopped'] === null || isRecord(value['stopped'])) &&
    (value['lastEnd'] === null || isRecord(value['lastEnd'])) &&
    isRecord(value['usualMs']) &&
    isRecord(value['alarm']) &&
    (value['run'] === null || isStoredRun(value['run']))
  );
}

function isStoredWait(value: unknown): value is StoredWait {
  return (
    isRecord(value) &&
    typeof value['boot'] === 'string' &&
    typeof value['until'] === 'number' &&
    typeof value['untilWall'] === 'number' &&
    typeof value['lengthMs'] === 'number'
  );
}

function isStoredRun(value: unknown): boolean {
  return (
    isRecord(value) &&
    isCount(value['number']) &&
    typeof value['task'] === 'string' &&
    isRecord(value['stage'])
  );
}

function isCount(value: unknown): boolean {
  return Number.isSafeInteger(value) && Number(value) >= 0;
}

function isRecord(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}
