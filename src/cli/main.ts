import { Command, CommanderError, InvalidArgumentError, Option } from 'commander';
import { exitStatus } from './exit-status.ts';
import { version } from './version.ts';

const runHelp = `
Examples:
  runner run tasks.sendMail tasks.retryDeferred      two functions of tasks.ts, one after the other
  runner run "./manage.py send_mail" --cooldown 5m   any command
  runner run "sh: echo hello"                        a command that looks like no command
  runner run mail                                    a chain of runner.config.*
  runner run mail --user www-data --nice 15          as another user, after other programs

Ctrl-C lets the run in progress end, a second Ctrl-C kills it.`;

const footer = `
Exit status: 0 success, 1 the last pass failed, 64 wrong usage, 69 something is missing on this machine,
70 a bug, 73 no place for the state, 74 the state cannot be used, 75 another runner has the chain,
78 problems in the configuration.`;

await main(process.argv);

/** Reads the command line. Each command's code is loaded only when it is the one. */
async function main(argv: readonly string[]): Promise<void> {
  const program = new Command('runner')
    .description('Runs chains of tasks continuously, one task after another, and never twice at once.')
    .version(version, '-V, --version')
    .showHelpAfterError('(run it with --help for all options)')
    .configureHelp({ showGlobalOptions: true })
    .exitOverride();
  program.addCommand(runCommand(), { isDefault: false });
  program.addCommand(checkCommand());
  program.addCommand(historyCommand());
  program.addCommand(logsCommand());
  program.addHelpText('after', footer);
  for (const command of program.commands) command.exitOverride().copyInheritedSettings(program);
  try {
    await program.parseAsync([...argv]);
  } catch (error) {
    if (!(error instanceof CommanderError)) throw error;
    // Commander has printed its message; asking for help is no mistake.
    process.exitCode = error.exitCode === 0 ? exitStatus.success : exitStatus.usage;
  }
}

function runCommand(): Command {
  return new Command('run')
    .alias('run_functions')
    .description('run tasks as one chain, in order, for ever, in the foreground')
    .argument('<task...>', 'module.function, a command in quotes, or the name of one configured chain')
    .option('--name <name>', 'name of the chain (default: made of its tasks)')
    .option('--cooldown <time>', 'wait after a successful run, such as 5m or 0s (default: 1s)')
    .option('--failure-cooldown <time>', 'wait after a failed run (default: 1s, doubling up to 5m)')
    .option('--timeout <time>', 'the longest that a run may take (default: no limit)')
    .addOption(passesOption())
    .option('--cwd <folder>', 'project root: where the configuration, the modules and the tasks are', '.')
    .option('--env-file <file>', 'file of NAME=value lines for the environment of the tasks')
    .option(
      '--inherit-env <names>',
      'variables that the tasks get from this environment, as in "DATABASE_URL,AWS_*"',
    )
    .option('--user <name>', 'user as whom the tasks run, by name or number; needs root')
    .option('--nice <number>', 'priority of the tasks: -20 goes first, 19 last; below 0 needs root')
    .addOption(stateOption())
    .option('--json', 'print one event a line, as JSON', false)
    .option('--quiet', 'print failures only', false)
    .addOption(debugOption())
    .addHelpText('after', runHelp)
    .action(async (tasks: string[], options: Record<string, unknown>) => {
      const { run } = await import('./run.ts');
      await run(tasks, options);
    });
}

function checkCommand(): Command {
  return new Command('check')
    .description('load everything, and report all problems at once, or the values in force on this host')
    .argument('[task...]', 'what you would give to "runner run" (default: all configured chains)')
    .option('--cwd <folder>', 'project root', '.')
    .option('--env-file <file>', 'as for "runner run"')
    .option('--inherit-env <names>', 'as for "runner run"')
    .option('--user <name>', 'as for "runner run"')
    .option('--nice <number>', 'as for "runner run"')
    .option('--json', 'print the answer as JSON', false)
    .addOption(debugOption())
    .action(async (tasks: string[], options: Record<string, unknown>) => {
      const { check } = await import('./check.ts');
      await check(tasks, options);
    });
}

function historyCommand(): Command {
  return new Command('history')
    .description('list the last runs and how they ended, also while nothing runs')
    .argument('[chain]', 'only this chain')
    .option('--limit <number>', 'how many runs at most', parseCount, 20)
    .option('--cwd <folder>', 'project root', '.')
    .addOption(stateOption())
    .option('--json', 'print one run a line, as JSON', false)
    .addOption(debugOption())
    .action(async (chain: string | undefined, options: Record<string, unknown>) => {
      const { history } = await import('./history.ts');
      await history(chain ?? null, options);
    });
}

function logsCommand(): Command {
  return new Command('logs')
    .description('print what the tasks of a chain have written')
    .argument('<chain>', 'the chain')
    .option('-f, --follow', 'go on as more is written', false)
    .option('--run <number>', 'only what this run has written', parseCount)
    .option('--lines <number>', 'how many lines from the end', parseCount, 100)
    .option('--cwd <folder>', 'project root', '.')
    .addOption(stateOption())
    .addOption(debugOption())
    .action(async (chain: string, options: Record<string, unknown>) => {
      const { logs } = await import('./logs.ts');
      await logs(chain, options);
    });
}

function passesOption(): Option {
  return new Option(
    '--passes <number>',
    'stop after so many passes; exit status 1 if the last one had a failure',
  ).argParser(parseCount);
}

function stateOption(): Option {
  return new Option(
    '--state-dir <folder>',
    'where state, locks and logs are (default: .runner in the project root)',
  ).env('RUNNER_STATE_DIR');
}

function debugOption(): Option {
  return new Option('--debug', 'print stack traces of errors').default(false);
}

function parseCount(text: string): number {
  if (/^[1-9]\d{0,14}$/.test(text)) return Number(text);
  throw new InvalidArgumentError(`Found "${text}", write a whole number from 1, such as 10`);
}
