import { Command } from 'commander';
import { debugOption, parseCount, stateOption } from './main-options.ts';

/** The commands that show incidents, also while nothing runs. */
export function incidentCommands(): readonly Command[] {
  return [
    new Command('incidents')
      .description('list the last incidents: streaks of failures of a task, open ones marked')
      .option('--open', 'only those that are open', false)
      .option('--chain <chain>', 'only those of this chain')
      .option('--limit <number>', 'how many at most (default: 20, with --open 1000)', parseCount)
      .option('--cwd <folder>', 'project root', '.')
      .addOption(stateOption())
      .option('--json', 'print one incident a line, as JSON', false)
      .addOption(debugOption())
      .action(async (options: Record<string, unknown>) => {
        const { incidents } = await import('./incidents.ts');
        await incidents(options);
      }),
    new Command('incident')
      .description('show one incident: each kind of failure in full, what was told, and what to do next')
      .argument('<number>', 'its number, as "runner incidents" and "runner status" show it', parseCount)
      .option('--cwd <folder>', 'project root', '.')
      .addOption(stateOption())
      .option('--json', 'print everything that is kept of it, as JSON', false)
      .addOption(debugOption())
      .action(async (id: number, options: Record<string, unknown>) => {
        const { incident } = await import('./incidents.ts');
        await incident(id, options);
      }),
  ];
}
