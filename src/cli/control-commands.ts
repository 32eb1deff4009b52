import { Command, Option } from 'commander';
import { debugOption, stateOption } from './main-options.ts';

interface ChainCommand {
  readonly name: string;
  readonly description: string;
  /** What it does to the streak of failures, the cooldown and the lock, and whether it survives a restart. */
  readonly effect: string;
  readonly options?: readonly Option[];
}

const commands: readonly ChainCommand[] = [
  {
    name: 'poke',
    description: 'begin the next run of a chain now, without the rest of its cooldown',
    effect: `During a run it leaves out the cooldown after it. Poked often, one cooldown is left out. A paused chain
stays paused: the poke counts when it is resumed. The streak of failures stays. The lock is waited for as ever. It
survives a restart of the runner.`,
  },
  {
    name: 'pause',
    description: 'begin no run of a chain until it is resumed; a run in progress goes on to its end',
    effect: `The cooldown goes on meanwhile, and so does the streak of failures. The worker and its lock stay. It
survives a restart of the runner.`,
    options: [
      new Option('--for <time>', 'resume it by itself after this time, such as 2h').conflicts('until'),
      new Option('--until <moment>', 'resume it by itself then: 18:30, or "2026-12-24 18:30"'),
    ],
  },
  {
    name: 'resume',
    description: 'end the pause of a chain',
    effect: `What is left of the cooldown is waited for; poke it as well to begin at once. The streak stays.`,
  },
  {
    name: 'mute',
    description: 'send no alerts of a chain for a time; say afterwards what was kept back',
    effect: `Give --for or --until: a mute has an end. The chain runs on, and its incidents are kept as ever: "runner incidents"
shows them. When the mute is over, one alert says what was kept back. It survives a restart of the runner.`,
    options: [
      new Option('--for <time>', 'for this time, such as 2h').conflicts('until'),
      new Option('--until <moment>', 'until then: 18:30, or "2026-12-24 18:30"'),
    ],
  },
  {
    name: 'unmute',
    description: 'end the mute of a chain',
    effect: `One alert says what was kept back.`,
  },
  {
    name: 'skip',
    description: 'leave out the next run of a chain',
    effect: `When its turn comes, the task is taken to have succeeded in no time: its cooldown is waited for, then
the next task comes. The streak stays. Asked often, one run is left out. It survives a restart of the runner.`,
  },
  {
    name: 'stop',
    description: 'stop a chain until it is started; a run in progress may end, for up to its stopGrace',
    effect: `The task of a run that had to be ended comes again after the start. The streak stays, the cooldown goes on.
The worker ends and the lock is let go, so that "runner run CHAIN" can have the chain. It survives a restart.
Where nothing can be stored, as on a full disk, the run ends all the same and no other begins. The command then
fails, and says that the stop is not stored yet: that happens as soon as it can, unless the runner ends before.`,
    options: [new Option('--now', 'kill the run in progress').default(false)],
  },
  {
    name: 'start',
    description: 'start a chain that was stopped',
    effect: `What is left of the cooldown is waited for. The streak stays. A pause stays.`,
  },
  {
    name: 'restart',
    description: 'give a chain a new worker after its run in progress, to load its code anew',
    effect: `Neither the cooldown nor the streak changes. The lock is free for a moment between the two workers.`,
  },
  {
    name: 'kill-run',
    description:
      'end the run in progress of a chain, or what it left behind: SIGTERM, SIGKILL after its killGrace',
    effect: `Its outcome is "stopped", which is no failure: the streak stays, the cooldown of a success follows, and
then the same task comes again. The lock is free when all its processes are gone.`,
    options: [new Option('--now', 'SIGKILL at once').default(false)],
  },
];

/** The commands that ask something of one chain of the runner that is up. */
export function chainCommands(): readonly Command[] {
  return commands.map(({ name, description, effect, options = [] }) => {
    const command = new Command(name)
      .description(description)
      .argument('<chain>', 'the chain')
      .option('--cwd <folder>', 'project root', '.')
      .addOption(stateOption())
      .option('--json', 'print what the chain does then, as JSON', false)
      .addOption(debugOption())
      .addHelpText('after', `\n${effect}`)
      .action(async (chain: string, given: Record<string, unknown>) => {
        const { askChain } = await import('./chain-commands.ts');
        await askChain(name, chain, given);
      });
    for (const option of options) command.addOption(option);
    return command;
  });
}

/** The commands that ask something of the whole runner. */
export function runnerCommands(): readonly Command[] {
  return [
    base('reload', 'load the configuration anew, and carry it out unless something is wrong with it')
      .option('--dry-run', 'only say what would change', false)
      .option('--json', 'print the answer of the control API', false)
      .addHelpText(
        'after',
        `
A chain that changed goes on by the new configuration after its run in progress, a removed one ends after it. Function
tasks are loaded anew where a source file of the project has changed. It goes on with the same task, by its name, and
keeps its cooldown and the streaks of the tasks that it still has; so does a restart with another configuration.

Channels of alerts and the address of metrics are in force at once.`,
      )
      .action(async (options: Record<string, unknown>) => {
        const { reload } = await import('./runner-commands.ts');
        await reload(options);
      }),
    base('upgrade', 'replace the runner by a new one, of the version that is installed now, without a gap')
      .addHelpText(
        'after',
        `
The new runner checks everything first; if something is wrong, the old one goes on. It takes over each chain at the end
of its run. No run is ended, no cooldown cut short, no pause or streak lost.

Run it soon after each update of the package: until then the old runner starts no program of the other version that is
different from its own. A function that needs a new worker is not started, and says so; a reload is refused.`,
      )
      .action(async (options: Record<string, unknown>) => {
        const { upgrade } = await import('./runner-commands.ts');
        await upgrade(options);
      }),
    base('drain', 'end the runner after the runs in progress, however long they take')
      .option('--no-wait', 'return at once')
      .action(async (options: Record<string, unknown>) => {
        const { drain } = await import('./runner-commands.ts');
        await drain(options);
      }),
    base('down', 'stop the runner: runs in progress may end, for up to the stopGrace of their chain')
      .option('--now', 'kill the runs in progress', false)
      .option('--no-wait', 'return at once')
      .action(async (options: Record<string, unknown>) => {
        const { down } = await import('./runner-commands.ts');
        await down(options);
      }),
  ];
}

function base(name: string, description: string): Command {
  return new Command(name)
    .description(description)
    .option('--cwd <folder>', 'project root', '.')
    .addOption(stateOption())
    .addOption(debugOption());
}
