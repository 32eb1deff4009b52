import { Command } from 'commander';
import { debugOption, stateOption } from './main-options.ts';

/** `runner alert ...`: how people are told. */
export function alertCommand(): Command {
  return new Command('alert')
    .description('how people are told of what goes wrong: the channels of the configuration')
    .addCommand(testCommand())
    .addCommand(listCommand());
}

function testCommand(): Command {
  return new Command('test')
    .description('send a real test by each channel, and print what the other side answers')
    .argument('[channel...]', 'only by these channels')
    .option('--cwd <folder>', 'project root', '.')
    .addOption(stateOption())
    .option('--json', 'print one channel a line, as JSON', false)
    .addOption(debugOption())
    .action(async (channels: string[], options: Record<string, unknown>) => {
      const { testChannels } = await import('./alert-test.ts');
      await testChannels(channels, options);
    });
}

function listCommand(): Command {
  return new Command('list')
    .description('show whether each channel works, and what waits for it, also while nothing runs')
    .option('--cwd <folder>', 'project root', '.')
    .addOption(stateOption())
    .option('--json', 'print one channel a line, as JSON', false)
    .addOption(debugOption())
    .action(async (options: Record<string, unknown>) => {
      const { listChannels } = await import('./alert-list.ts');
      await listChannels(options);
    });
}
