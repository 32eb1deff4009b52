import type { Channel } from '../core/channel.ts';
import { newChannelState } from '../core/delivery.ts';
import { durationBetween, toEpochMs } from '../core/units.ts';
import type { ChannelFigures } from '../store/outbox.ts';
import { hasState, stateFolderAt } from '../system/state-folder.ts';
import { exitStatus } from './exit-status.ts';
import { guarded } from './fail.ts';
import { loadChannels } from './load-channels.ts';
import { localTime } from './local-time.ts';
import { isGiven, stateDirectory, type RawOptions } from './options.ts';
import { lengthText } from './outcome-text.ts';
import { visibleLine } from './visible.ts';

/** A channel as it is listed. */
interface ListedChannel extends ChannelFigures {
  /** Where it leads; `null` when it is not configured any more. */
  readonly kind: Channel['target']['kind'] | null;
}

/** `runner alert list`: each channel with its state, also while nothing runs. */
export async function listChannels(options: RawOptions): Promise<void> {
  await guarded(isGiven(options, 'debug'), async () => {
    const channels = await loadChannels(options);
    if (channels === null) return exitStatus.config;
    const listed = withFigures(channels, await readFigures(stateDirectory(options)));
    if (isGiven(options, 'json')) for (const one of listed) console.log(JSON.stringify(one));
    else if (listed.length === 0) console.log('There is no channel: nobody is told of what goes wrong');
    else await print(listed);
    return exitStatus.success;
  });
}

async function readFigures(directory: string): Promise<readonly ChannelFigures[]> {
  if (!hasState(directory)) return [];
  const [{ openState }, { readChannelFigures }] = await Promise.all([
    import('../store/open-state.ts'),
    import('../store/outbox.ts'),
  ]);
  const database = await openState(stateFolderAt(directory).database);
  try {
    return readChannelFigures(database);
  } finally {
    database.close();
  }
}

function withFigures(
  channels: readonly Channel[],
  figures: readonly ChannelFigures[],
): readonly ListedChannel[] {
  const known = new Map(figures.map((one) => [one.name, one]));
  const names = channels.map(({ name }) => name);
  const unused = { state: newChannelState, waiting: 0, sent: 0, expired: 0, refused: 0 };
  return [
    ...channels.map(({ name, target }) => ({ name, ...(known.get(name) ?? unused), kind: target.kind })),
    ...figures.filter(({ name }) => !names.includes(name)).map((one) => ({ ...one, kind: null })),
  ];
}

async function print(listed: readonly ListedChannel[]): Promise<void> {
  const { printTable } = await import('./table.ts');
  const rows = listed.map(({ name, kind, waiting, sent, expired, refused, state }) => [
    name,
    kind ?? 'not configured',
    String(waiting),
    String(sent),
    String(expired),
    String(refused),
    visibleLine(stateText(state)),
  ]);
  printTable(['channel', 'kind', 'waiting', 'sent', 'expired', 'refused', 'state'], rows);
}

function stateText({ failing, lastSentAt }: ChannelFigures['state']): string {
  if (failing === null) {
    return lastSentAt === null ? 'not used yet' : `works, last used ${localTime(lastSentAt)}`;
  }
  const length = lengthText(durationBetween(failing.since, toEpochMs(Date.now())));
  return `has failed for ${length}, ${failing.failures === 1 ? 'once' : `${failing.failures} times`}: ${failing.error}`;
}
