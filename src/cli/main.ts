import { Command, CommanderError, Option } from 'commander';
import { alertCommand } from './alert-commands.ts';
import { seeThrough } from './bug.ts';
import { exitStatus } from './exit-status.ts';
import { chainCommands, runnerCommands } from './control-commands.ts';
import { incidentCommands } from './incident-commands.ts';
import { debugOption, parseCount, stateOption } from './main-options.ts';
import { version } from './version.ts';

const runHelp = `
Examples:
  runner run tasks.sendMail tasks.retryDeferred      two functions of tasks.ts, one after the other
  runner run "./manage.py send_mail" --cooldown 5m   any command
  runner run "sh: echo hello"                        a command that looks like no command
  runner run mail                                    a chain of runner.config.*
  runner run mail --user www-data --nice 15          as another user, after other programs

Ctrl-C lets the run in progress end, a second Ctrl-C kills it.`;

const upHelp = `
Ctrl-C or SIGTERM lets the runs in progress end, for up to their stopGrace; a second one kills them. SIGHUP without a
terminal is "runner reload", SIGUSR2 is "runner drain". Chains that were paused or stopped stay so.`;

const footer = `
Exit status: 0 success, 1 the last pass failed, 2 the runner refuses, 64 wrong usage, 69 something is missing on this machine,
70 a bug, 73 no place for the state, 74 the state cannot be used, 75 another runner has it,
78 problems in the configuration.`;

// As the main process of a container it has to clear away the processes of others: another one does that for it.
seeThrough(process.pid === 1 ? belowInit() : main(process.argv));

async function belowInit(): Promise<void> {
  const [{ startBelowInit }, { guarded }] = await Promise.all([
    import('../compose/first-process.ts'),
    import('./fail.ts'),
  ]);
  await guarded(false, async () => {
    startBelowInit(process.env['PATH'] ?? '');
    return exitStatus.success;
  });
}

/** Reads the command line. Each command's code is loaded only when it is the one. */
async function main(argv: readonly string[]): Promise<void> {
  const program = new Command('runner')
    .description('Runs chains of tasks continuously, one task after another, and never twice at once.')
    .version(version, '-V, --version')
    .showHelpAfterError('(run it with --help for all options)')
    .configureHelp({ showGlobalOptions: true })
    .exitOverride();
  program.addCommand(runCommand(), { isDefault: false });
  program.addCommand(upCommand());
  program.addCommand(checkCommand());
  program.addCommand(statusCommand());
  program.addCommand(historyCommand());
  for (const command of incidentCommands()) program.addCommand(command);
  program.addCommand(logsCommand());
  program.addCommand(serviceCommand());
  program.addCommand(alertCommand());
  for (const command of chainCommands()) program.addCommand(command);
  for (const command of runnerCommands()) program.addCommand(command);
  program.addHelpText('after', footer);
  for (const command of program.commands.flatMap((one) => [one, ...one.commands])) {
    command.exitOverride().copyInheritedSettings(program);
  }
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
    .option('--takeover', 'take the chain over from the runner that has it, after its run in progress', false)
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

function upCommand(): Command {
  return new Command('up')
    .description('run all chains of the configuration, side by side, until they are stopped')
    .argument('[chain...]', 'only these chains (default: all)')
    .option('-d, --detach', 'go into the background; returns when it is up, or says why not', false)
    .option('--takeover', 'take the chains over from the runner that is up, each after its run', false)
    .option('--force', 'the same, and kill that runner if it does not answer within 5 s', false)
    .option('--cwd <folder>', 'project root: where the configuration and the modules are', '.')
    .option('--env-file <file>', 'file of NAME=value lines for the environment of all tasks')
    .option('--inherit-env <names>', 'variables that all tasks get from this environment')
    .addOption(stateOption())
    .option('--metrics <address>', 'serve metrics over TCP as well, such as 127.0.0.1:9464')
    .option('--verbose', 'print each run', false)
    .option('--quiet', 'print failures only', false)
    .option('--json', 'print one event a line, as JSON', false)
    .addOption(debugOption())
    .addHelpText('after', upHelp)
    .action(async (chains: string[], options: Record<string, unknown>) => {
      const { up } = await import('./up.ts');
      await up(chains, options);
    });
}

function serviceCommand(): Command {
  return new Command('service')
    .description('print a systemd unit that runs "runner up" for this project, and say how to install it')
    .option('--user <name>', 'the user of the service (default: the present one)')
    .option('--name <name>', 'the name of the service (default: runner- and the name of the project root)')
    .option('--cwd <folder>', 'project root', '.')
    .addOption(stateOption())
    .addOption(debugOption())
    .action(async (options: Record<string, unknown>) => {
      const { service } = await import('./service.ts');
      await service(options);
    });
}

function statusCommand(): Command {
  return new Command('status')
    .description('show what each chain does, and why it does not if it does not')
    .argument('[chain...]', 'all that is known of these chains (default: a line for each chain)')
    .option('-w, --watch', 'go on showing it', false)
    .option('--cwd <folder>', 'project root', '.')
    .addOption(stateOption())
    .option('--json', 'print the answer of the control API', false)
    .addOption(debugOption())
    .action(async (chains: string[], options: Record<string, unknown>) => {
      const { status } = await import('./status.ts');
      await status(chains, options);
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
    .description('print what the tasks have written, of some chains or of all, in the order of their runs')
    .argument('[chain...]', 'only these chains')
    .option('-f, --follow', 'go on as more is written, also by new chains', false)
    .option('--run <number>', 'only what this run of one chain has written', parseCount)
    .option('--lines <number>', 'how many lines from the end (default: 100; with --since all)', parseCount)
    .option('--since <time>', 'only runs that were in progress in that time until now, such as 2h')
    .option('--raw', 'print bytes as they are, also of several chains; not on a terminal', false)
    .option('--runner', 'print what the runner in the background has written itself', false)
    .option('--cwd <folder>', 'project root', '.')
    .addOption(stateOption())
    .addOption(debugOption())
    .action(async (chains: string[], options: Record<string, unknown>) => {
      const { logs } = await import('./logs.ts');
      await logs(chains, options);
    });
}

function passesOption(): Option {
  return new Option(
    '--passes <number>',
    'stop after so many passes; exit status 1 if the last one had a failure',
  ).argParser(parseCount);
}
