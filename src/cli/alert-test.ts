import { hostname } from 'node:os';
import { exitStatus, type ExitStatus } from './exit-status.ts';
import { guarded } from './fail.ts';
import { loadChannels } from './load-channels.ts';
import { isGiven, projectDirectory, stateDirectory, type RawOptions } from './options.ts';
import { visibleLine } from './visible.ts';

/** `runner alert test`: a real message by each channel. */
export async function testChannels(names: readonly string[], options: RawOptions): Promise<void> {
  await guarded(isGiven(options, 'debug'), async () => {
    const channels = await loadChannels(options);
    if (channels === null) return exitStatus.config;
    const known = channels.map(({ name }) => name);
    const unknown = names.find((name) => !known.includes(name));
    if (unknown !== undefined || known.length === 0) return refuse(unknown ?? null, known);
    const wanted = channels.filter(({ name }) => names.length === 0 || names.includes(name));
    const { tryChannels } = await import('../compose/try-channels.ts');
    const origin = { host: hostname(), directory: projectDirectory(options) };
    const tried = await tryChannels(wanted, origin, stateDirectory(options));
    for (const one of tried) {
      const { channel, isSent, text } = one;
      if (isGiven(options, 'json')) console.log(JSON.stringify(one));
      else console.log(`${channel}: ${isSent ? 'sent' : 'failed'}: ${visibleLine(text)}`);
    }
    const failures = tried.filter(({ isSent }) => !isSent);
    if (failures.length === 0) return exitStatus.success;
    console.error(
      'What failed was not told to anybody. "runner check" shows where each channel leads; docs/alerts.md says what the answers mean',
    );
    return exitStatus.passFailed;
  });
}

function refuse(unknown: string | null, known: readonly string[]): ExitStatus {
  const text =
    known.length === 0
      ? 'There is no channel: write one into the configuration, such as alerts: { channels: { ops: { command: "./notify.sh" } } }'
      : `Cannot find a channel "${unknown}": there is ${known.join(', ')}`;
  console.error(text);
  return exitStatus.usage;
}
