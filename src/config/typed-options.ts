import { parseDuration } from '../core/duration.ts';
import type { DurationMs } from '../core/units.ts';
import type { CheckedHostChain } from './checked-config.ts';
import type { LoadRequest } from './loaded.ts';
import type { Problem } from './problem.ts';
import { layerOf, type TaskLayer } from './settings.ts';

/** What the environment and the command line set for one chain, the weakest first. */
export interface TypedLayers {
  readonly layers: readonly TaskLayer[];
  readonly problems: readonly Problem[];
}

/** Reads `RUNNER_COOLDOWN`, `RUNNER_COOLDOWN_<CHAIN>` and the options for the chain of that name. */
export function typedLayers(request: LoadRequest, chainName: string): TypedLayers {
  const problems: Problem[] = [];
  const read = (at: string, text: string | undefined): DurationMs | undefined =>
    readDuration({ at, text, problems });
  const fromVariables = ['RUNNER_COOLDOWN', cooldownVariableOf(chainName)].map((name) =>
    layerOf({ cooldown: { success: read(name, request.environment[name]) } }, () => name),
  );
  const { cooldown, failureCooldown, timeout } = request.options;
  const failureMs = read('--failure-cooldown', failureCooldown);
  const options: CheckedHostChain = {
    cooldown: {
      success: read('--cooldown', cooldown),
      failure: failureMs === undefined ? undefined : { kind: 'fixed', lengthMs: failureMs },
    },
    timeout: timeout === 'none' ? 'none' : read('--timeout', timeout),
  };
  if (options.timeout === 0) problems.push(zeroTimeout);
  const optionOf = ([key, part]: readonly (string | number)[]): string => {
    if (key === 'timeout') return '--timeout';
    return part === 'failure' ? '--failure-cooldown' : '--cooldown';
  };
  return { layers: [...fromVariables, layerOf(options, optionOf)], problems };
}

/** `RUNNER_COOLDOWN_WEB_MAIL` for the chain `web-mail`. */
function cooldownVariableOf(chainName: string): string {
  return `RUNNER_COOLDOWN_${chainName.toUpperCase().replace(/[^A-Z0-9]/g, '_')}`;
}

/** What is told about a time limit of nothing. */
export const zeroTimeoutProblem =
  'found a time limit of 0, write how long a run may take such as "10m", or "none"';

const zeroTimeout: Problem = {
  at: '--timeout',
  path: null,
  message: `Cannot limit the time of a run: ${zeroTimeoutProblem}`,
};

interface WrittenDuration {
  readonly at: string;
  readonly text: string | undefined;
  readonly problems: Problem[];
}

function readDuration({ at, text, problems }: WrittenDuration): DurationMs | undefined {
  if (text === undefined) return undefined;
  const parsed = parseDuration(text);
  if (parsed.kind === 'duration') return parsed.durationMs;
  problems.push({ at, path: null, message: `Cannot read the duration: ${parsed.problem}` });
  return undefined;
}
