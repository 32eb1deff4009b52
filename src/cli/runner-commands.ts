import { explainProblems } from '../config/problem.ts';
import type { PlannedChange } from '../core/reload-plan.ts';
import type { ChainStatus, RunStatus } from '../core/status.ts';
import { asker, refusal, runnerAt } from './ask-runner.ts';
import { exitStatus, type ExitStatus } from './exit-status.ts';
import { guarded } from './fail.ts';
import { isGiven, type RawOptions } from './options.ts';
import { readChains, readPlan, readProblems, readRunnerStatus, readSettings } from './read-status.ts';
import { waitForEnd } from './wait-for-end.ts';

/** Loading a configuration may take as long as the user's code at its top level. */
const reloadLimitMs = 90_000;

/** `runner reload`: the new configuration, if nothing is wrong with it. */
export async function reload(options: RawOptions): Promise<void> {
  await guarded(isGiven(options, 'debug'), async (): Promise<ExitStatus> => {
    const body = { by: asker(), dryRun: isGiven(options, 'dryRun') };
    const answer = await runnerAt(options).post('/v1/reload', body, reloadLimitMs);
    if (isGiven(options, 'json')) console.log(JSON.stringify(answer.body));
    if (answer.status === 422) {
      const text = explainProblems(readProblems(answer.body)).replace(
        /nothing was started/,
        'the old configuration stays in force',
      );
      if (!isGiven(options, 'json')) process.stderr.write(text);
      return exitStatus.config;
    }
    if (answer.status !== 200) return refusal(answer);
    if (!isGiven(options, 'json'))
      for (const line of [...settingLines(readSettings(answer.body)), ...planLines(readPlan(answer.body))])
        console.log(line);
    return exitStatus.success;
  });
}

/** `runner drain`: the runner ends after the runs in progress. */
export async function drain(options: RawOptions): Promise<void> {
  await end('/v1/drain', {}, options);
}

/** `runner down`: the runner is stopped. */
export async function down(options: RawOptions): Promise<void> {
  await end('/v1/down', { now: isGiven(options, 'now') }, options);
}

/** `runner upgrade`: a new runner takes the chains over. */
export async function upgrade(options: RawOptions): Promise<void> {
  await guarded(isGiven(options, 'debug'), async (): Promise<ExitStatus> => {
    const client = runnerAt(options);
    const answer = await client.post('/v1/upgrade', { by: asker() }, reloadLimitMs);
    if (answer.status !== 200) return refusal(answer);
    const { runner } = readRunnerStatus((await client.get('/v1/status')).body);
    console.log(`runner ${runner.version} is up as process ${runner.pid} and takes the chains over`);
    for (const { chain, run } of busyChains(readChains(answer.body))) {
      console.log(`${chain} follows when its run ${run.number} (${run.task}) has ended`);
    }
    return exitStatus.success;
  });
}

async function end(path: string, body: object, options: RawOptions): Promise<void> {
  await guarded(isGiven(options, 'debug'), async (): Promise<ExitStatus> => {
    const client = runnerAt(options);
    const answer = await client.post(path, { by: asker(), ...body });
    if (answer.status !== 200) return refusal(answer);
    const status = readRunnerStatus(answer.body);
    for (const { chain, run } of busyChains(status.chains)) {
      console.log(`waits for run ${run.number} of ${chain} (${run.task})`);
    }
    if (options['wait'] === false) return exitStatus.success;
    await waitForEnd(client, status.runner.pid);
    console.log(`the runner, process ${status.runner.pid}, has ended`);
    return exitStatus.success;
  });
}

interface BusyChain {
  readonly chain: string;
  readonly run: RunStatus;
}

function busyChains(chains: readonly ChainStatus[]): readonly BusyChain[] {
  return chains.flatMap(({ chain, run }) => (run?.stage === 'running' ? [{ chain, run }] : []));
}

function settingLines(names: readonly string[]): readonly string[] {
  return names.map((name) => `${name}: changed, in force at once`);
}

function planLines(plan: readonly PlannedChange[]): readonly string[] {
  return plan.map(({ chain, what, different }) => {
    switch (what) {
      case 'new':
        return `${chain}: new, begins now`;
      case 'changed':
        return `${chain}: changed (${different.join(', ')}), in force after its run in progress`;
      case 'untouched':
        return `${chain}: untouched`;
      case 'removed':
        return `${chain}: removed, ends after its run in progress`;
    }
  });
}
