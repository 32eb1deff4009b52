import { hostname } from 'node:os';
import { loadProject } from '../compose/load-project.ts';
import type { LoadAnswer } from '../config/loaded.ts';
import { exitStatus, type ExitStatus } from './exit-status.ts';
import { warningOfOwner } from '../config/trust.ts';
import { guarded } from './fail.ts';
import { isGiven, ownEnvironment, projectDirectory, textOption, type RawOptions } from './options.ts';

/** `runner check`: all problems at once, or what would run. */
export async function check(tasks: readonly string[], options: RawOptions): Promise<void> {
  await guarded(isGiven(options, 'debug'), async () => {
    const answer = await loadProject({
      directory: projectDirectory(options),
      arguments: tasks,
      areChains: false,
      options: {
        envFile: textOption(options, 'envFile'),
        inheritEnv: textOption(options, 'inheritEnv'),
        user: textOption(options, 'user'),
        nice: textOption(options, 'nice'),
      },
      host: hostname(),
      environment: ownEnvironment(),
      cacheDirectory: null,
    });
    const status = isGiven(options, 'json') ? printJson(answer) : await printText(answer);
    const warning = warningOfOwner(projectDirectory(options));
    if (warning !== null) console.error(`Warning: ${warning}`);
    return status;
  });
}

function printJson(answer: LoadAnswer): ExitStatus {
  if (answer.kind === 'rejected') {
    console.log(JSON.stringify(answer));
    return exitStatus.config;
  }
  // Not the whole definition: the values of environment variables may be secret.
  const chains = answer.chains.map(({ definition, values, needsRoot }) => ({
    name: definition.name,
    tasks: definition.tasks.map((task) => task.name),
    values,
    needsRoot,
  }));
  const channels = answer.channels.map(({ channel, values }) => ({ name: channel.name, values }));
  console.log(JSON.stringify({ ...answer, chains, channels }));
  return exitStatus.success;
}

async function printText(answer: LoadAnswer): Promise<ExitStatus> {
  if (answer.kind === 'rejected') {
    const { explainProblems } = await import('../config/problem.ts');
    process.stderr.write(explainProblems(answer.problems));
    return exitStatus.config;
  }
  const [{ explainValues }, { printTable }] = await Promise.all([
    import('../config/loaded.ts'),
    import('./table.ts'),
  ]);
  const rows = explainValues(answer.chains).map(({ chain, path, shown, from }) => [chain, path, shown, from]);
  printTable(['chain', 'value', 'in force', 'from'], rows);
  const channelRows = answer.channels.flatMap(({ channel, values }) =>
    values.map(({ path, shown, from }) => [channel.name, path, shown, from]),
  );
  if (channelRows.length > 0) {
    console.log();
    printTable(['channel', 'value', 'in force', 'from'], channelRows);
  }
  const rooted = answer.chains.filter(({ needsRoot }) => needsRoot.length > 0);
  if (rooted.length > 0) {
    const reasons = rooted.map(({ definition, needsRoot }) => `${definition.name} (${needsRoot.join(', ')})`);
    console.log(`Only a runner that is root can run ${reasons.join(', ')}`);
  }
  const count = answer.chains.length === 1 ? '1 chain' : `${answer.chains.length} chains`;
  console.log(`No problems: ${count} would run on this host, ${hostname()}`);
  return exitStatus.success;
}
