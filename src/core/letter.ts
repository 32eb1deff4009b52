import { isEnd } from './channel.ts';
import type { Severity } from './notice.ts';
import type { EpochMs } from './units.ts';

/** A notice that waits for a channel. */
export interface WaitingNotice {
  /** Grows from notice to notice. */
  readonly id: number;
  readonly chain: string;
  readonly subject: string;
  readonly kind: string;
  readonly severity: Severity;
  readonly at: EpochMs;
}

/** One message: the notices that it makes up for, in their order. */
export interface Letter {
  /** A `notice` tells the last of them, a `digest` how many there are and what they are about. */
  readonly kind: 'notice' | 'digest';
  readonly notices: readonly number[];
}

/** What else a letter depends on. */
interface Sending {
  /** A letter that may have been sent already, or `null`: it is sent again as it was. */
  readonly begun: Letter | null;
  /** How many messages may be sent now, from 1. */
  readonly free: number;
  /** Whether the channel did not work until now. */
  readonly isLate: boolean;
}

/** What waited for a channel that did not work is told one by one if it is so little. */
const mostToldSingly = 3;

/**
 * The next letter of what waits: all of it together where that is more than may be sent, or was late.
 * @param waiting at least one, in the order of the ids
 */
export function letterOf(waiting: readonly WaitingNotice[], { begun, free, isLate }: Sending): Letter {
  const ids = new Set(waiting.map(({ id }) => id));
  if (begun !== null && begun.notices.every((id) => ids.has(id))) return begun;
  const items = itemsOf(waiting);
  const isFlood = items.length > free || (isLate && items.length > mostToldSingly);
  const [first = []] = items;
  return isFlood
    ? { kind: 'digest', notices: waiting.map(({ id }) => id) }
    : { kind: 'notice', notices: first.map(({ id }) => id) };
}

// What began and ended while it waited is told as one: by its end.
function itemsOf(waiting: readonly WaitingNotice[]): readonly (readonly WaitingNotice[])[] {
  const lastEnds = new Map(
    waiting.filter(({ kind }) => isEnd(kind)).map((notice) => [subjectOf(notice), notice.id]),
  );
  const items = new Map<string, WaitingNotice[]>();
  for (const notice of waiting) {
    const subject = subjectOf(notice);
    const isOver = notice.id <= (lastEnds.get(subject) ?? 0);
    const key = isOver ? subject : `${subject}\n${notice.id}`;
    const item = items.get(key);
    if (item === undefined) items.set(key, [notice]);
    else item.push(notice);
  }
  return [...items.values()];
}

function subjectOf({ chain, subject }: WaitingNotice): string {
  return `${chain}\n${subject}`;
}
