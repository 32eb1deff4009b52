import type { Moment } from '../cooldown.ts';
import type { Told } from '../event.ts';
import type { ChainState } from '../facts.ts';
import { higherOf, type Notice } from '../notice.ts';
import { isPausedAt } from '../pause.ts';
import { isBefore } from '../units.ts';
import type { Alarm, Held } from './alarm.ts';

/** Why notices are kept back right now, or `null`. A pause after a failure is itself news, and holds nothing back. */
export function holdAt(state: ChainState, { monotonic }: Moment): Held['by'] | null {
  if (state.mute !== null && isBefore(monotonic, state.mute.until.until)) return 'mute';
  return isPausedAt(state.pause, monotonic) && state.pause.by.kind === 'operator' ? 'pause' : null;
}

/** Tells the notices, or counts them as held. */
export function give(
  alarm: Alarm,
  notices: readonly Notice[],
  by: Held['by'] | null,
): { readonly alarm: Alarm; readonly told: readonly Told[] } {
  const told = notices.map((notice): Told => ({ kind: 'notice', notice, isHeld: by !== null }));
  if (by === null) return { alarm, told };
  return {
    alarm: { ...alarm, held: notices.reduce((held, one) => heldAfter(held, one, by), alarm.held) },
    told,
  };
}

function heldAfter(held: Held | null, { kind, severity, at }: Notice, by: Held['by']): Held {
  const counts = held?.counts ?? {};
  return {
    by: held?.by ?? by,
    since: held?.since ?? at,
    severity: held === null ? severity : higherOf(held.severity, severity),
    counts: { ...counts, [kind]: (counts[kind] ?? 0) + 1 },
  };
}
