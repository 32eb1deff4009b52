import type { ConfigProblem, RunnerStatus, StatusAnswer } from '../control-port.ts';
import type { IncidentSummary } from '../core/incident-summary.ts';
import type { PlannedChange } from '../core/reload-plan.ts';
import type { ChainStatus } from '../core/status.ts';

/** What a runner of this or a later version says of a chain. @throws when it is something else altogether */
export function readStatus(body: unknown): ChainStatus {
  if (isChainStatus(body)) return body;
  throw new Error(`The runner said ${JSON.stringify(body)}, which is no status`);
}

/** What it says of itself and all its chains. @throws when it is something else altogether */
export function readRunnerStatus(body: unknown): StatusAnswer {
  // A runner of an older version says nothing of incidents.
  if (isRunnerStatus(body)) return { ...body, incidents: listIn(body, 'incidents').filter(isIncident) };
  throw new Error(`The runner said ${JSON.stringify(body)}, which is no status`);
}

/** The chains in an answer; none where it has none. */
export function readChains(body: unknown): readonly ChainStatus[] {
  return listIn(body, 'chains').filter(isChainStatus);
}

/** The plan of a reload. @throws when it is something else */
export function readPlan(body: unknown): readonly PlannedChange[] {
  return listIn(body, 'plan').filter(isPlanned);
}

/** What a reload changes besides chains, by name. */
export function readSettings(body: unknown): readonly string[] {
  return listIn(body, 'settings').filter((name) => typeof name === 'string');
}

/** The problems for which a reload was refused. */
export function readProblems(body: unknown): readonly ConfigProblem[] {
  return listIn(body, 'problems').filter(isProblem);
}

function listIn(body: unknown, key: string): readonly unknown[] {
  const found: unknown = typeof body === 'object' && body !== null ? Reflect.get(body, key) : null;
  return Array.isArray(found) ? found : [];
}

function isPlanned(value: unknown): value is PlannedChange {
  return (
    typeof value === 'object' && value !== null && 'chain' in value && 'what' in value && 'different' in value
  );
}

function isIncident(value: unknown): value is IncidentSummary {
  return (
    typeof value === 'object' &&
    value !== null &&
    'id' in value &&
    'chain' in value &&
    'openedAt' in value &&
    'title' in value
  );
}

function isProblem(value: unknown): value is ConfigProblem {
  return typeof value === 'object' && value !== null && 'at' in value && 'message' in value;
}

function isChainStatus(value: unknown): value is ChainStatus {
  return typeof value === 'object' && value !== null && 'chain' in value && 'state' in value;
}

function isRunnerStatus(value: unknown): value is RunnerStatus {
  return (
    typeof value === 'object' &&
    value !== null &&
    'runner' in value &&
    'chains' in value &&
    Array.isArray(value.chains) &&
    value.chains.every(isChainStatus)
  );
}
