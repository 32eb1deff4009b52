import { createHash } from 'node:crypto';
import type { Channel } from '../core/channel.ts';
import type { Letter, WaitingNotice } from '../core/letter.ts';
import { counted } from '../core/counted.ts';
import { formatDuration } from '../core/duration.ts';
import { higherOf, isAtLeast, type Notice, type Severity } from '../core/notice.ts';
import { add, toEpochMs, type EpochMs } from '../core/units.ts';
import type { StoredNotice } from '../ports.ts';
import { tellNotice, type Command, type Fact } from './notice-text.ts';
import { lengthText, momentText, oneLine } from './people-text.ts';

/** What people get by a channel, in whatever form that shows it. All its lines are single lines, but for the example. */
export interface Message {
  /** Stays the same when it is sent again, and is that of no other message. */
  readonly id: string;
  /** Equal for all messages of one incident, or of one condition of a chain. */
  readonly thread: string;
  readonly kind: 'notice' | 'digest' | 'test';
  readonly severity: Severity;
  readonly at: EpochMs;
  /** Without the mark of the program: `mail/send_mail fails: 451 try again later`. */
  readonly title: string;
  readonly facts: readonly Fact[];
  readonly example: string | null;
  readonly commands: readonly Command[];
  /** What is not about the notice itself, such as that the channel has reached its limit. */
  readonly remarks: readonly string[];
  readonly host: string;
  readonly directory: string;
  /** The chain that it is about; `null` for several. */
  readonly chain: string | null;
  /** All that a program may want to know. */
  readonly data: MessageData;
}

/** What is told, for programs. */
type MessageData =
  | { readonly kind: 'notice'; readonly notice: Notice; readonly incident: number | null }
  | {
      readonly kind: 'digest';
      readonly count: number;
      readonly chains: readonly { readonly chain: string; readonly count: number }[];
      /** Those that matter most, and of these the newest; in their order. */
      readonly notices: readonly DigestLine[];
    }
  | { readonly kind: 'test' };

/** One notice of many. */
interface DigestLine {
  readonly chain: string;
  readonly kind: string;
  readonly severity: Severity;
  readonly at: EpochMs;
  readonly title: string;
}

/** Whose notices they are. */
export interface Origin {
  /** The name of the host. */
  readonly host: string;
  /** The project root. */
  readonly directory: string;
}

/** A letter of a channel, with all that is needed to write it. */
export interface LetterParts {
  readonly letter: Letter;
  readonly waiting: readonly WaitingNotice[];
  /** Those that the letter tells in words: see `toldBy`. */
  readonly notices: readonly StoredNotice[];
  readonly origin: Origin;
  readonly remarks: readonly string[];
}

/** A digest tells so many notices in words. */
const mostDigestLines = 20;
const longestTitle = 160;

/** The notices that a letter tells in words: the last one, or of a digest those that matter most. */
export function toldBy(letter: Letter, waiting: readonly WaitingNotice[]): readonly number[] {
  if (letter.kind === 'notice') return letter.notices.slice(-1);
  return partOf(letter, waiting)
    .toSorted((one, other) => bySeverity(other.severity, one.severity) || other.id - one.id)
    .slice(0, mostDigestLines)
    .map(({ id }) => id)
    .toSorted((one, other) => one - other);
}

/** Writes a letter; `null` when its notices are gone. */
export function messageOf(parts: LetterParts): Message | null {
  const told = parts.notices.at(-1);
  if (told === undefined) return null;
  return parts.letter.kind === 'notice' ? noticeMessage(told, parts) : digestMessage(parts);
}

/** What a channel is tried with. */
export function testMessage(channel: Channel, now: EpochMs, origin: Origin): Message {
  const id = `test-${now.toString(36)}-${channel.name}.${projectOf(origin)}`;
  return {
    ...origin,
    id,
    thread: id,
    kind: 'test',
    severity: 'warning',
    at: now,
    title: `This is a test of the channel ${channel.name}`,
    facts: [
      { name: 'Asked for', text: momentText(now) },
      { name: 'It tells of', text: filterText(channel) },
    ],
    example: null,
    commands: [
      { line: 'runner alert list', why: 'shows whether the channels work, and what waits for them' },
    ],
    remarks: [],
    chain: null,
    data: { kind: 'test' },
  };
}

/** What the reader should know of the channel itself. */
export function remarksFor(
  channel: Channel,
  { lost, isLast, now }: { readonly lost: number; readonly isLast: boolean; readonly now: EpochMs },
): readonly string[] {
  const remarks: string[] = [];
  if (lost > 0) {
    const notices = counted(lost, 'notice');
    remarks.push(
      `${notices} could not be told by this channel and were given up: "runner incidents" shows what happened`,
    );
  }
  if (isLast) {
    const { count, perMs } = channel.rate;
    const limit = `${counted(count, 'message')} in ${lengthText(perMs)}`;
    const until = momentText(add(now, perMs));
    remarks.push(
      `This channel has reached its limit of ${limit}: what comes until about ${until} is told together`,
    );
  }
  return remarks;
}

function noticeMessage({ id, chain, notice, incident }: StoredNotice, parts: LetterParts): Message {
  const { origin, remarks } = parts;
  const { title, facts, example, commands } = tellNotice(notice, { chain, incident });
  return {
    ...origin,
    id: `notice-${id}-${notice.at.toString(36)}.${projectOf(origin)}`,
    thread: `${hashOf(chain, notice.subject)}.${projectOf(origin)}`,
    kind: 'notice',
    severity: notice.severity,
    at: notice.at,
    title: oneLine(title, longestTitle),
    facts,
    example,
    commands,
    remarks,
    chain,
    data: { kind: 'notice', notice, incident },
  };
}

function digestMessage({ letter, waiting, notices, origin, remarks }: LetterParts): Message {
  const all = partOf(letter, waiting);
  const chains = countsByChain(all);
  const lines = notices.map(({ chain, notice, incident }): DigestLine => {
    const { kind, severity, at } = notice;
    const { title } = tellNotice(notice, { chain, incident });
    return { chain, kind, severity, at, title: oneLine(title, longestTitle) };
  });
  const [only] = chains;
  const about = chains.length === 1 && only !== undefined ? only.chain : counted(chains.length, 'chain');
  const severity = all.reduce<Severity>((most, one) => higherOf(most, one.severity), 'warning');
  const times = all.map(({ at }) => at);
  const first = toEpochMs(times.reduce((least, at) => Math.min(least, at), Number.MAX_SAFE_INTEGER));
  const last = toEpochMs(times.reduce((most, at) => Math.max(most, at), 0));
  const ids = letter.notices;
  const id = `digest-${ids[0]}-${ids.at(-1)}-${ids.length}-${last.toString(36)}.${projectOf(origin)}`;
  return {
    ...origin,
    id,
    thread: id,
    kind: 'digest',
    severity,
    at: last,
    title: `${counted(all.length, 'notice')} of ${about}`,
    facts: [
      { name: 'From', text: momentText(first) },
      { name: 'Until', text: momentText(last) },
      ...lines.map((line) => ({ name: momentText(line.at), text: line.title })),
      ...moreFacts(all.length - lines.length, chains),
    ],
    example: null,
    commands: [
      { line: 'runner incidents --open', why: 'shows what is still wrong' },
      { line: 'runner status', why: 'shows what each chain does now' },
    ],
    remarks,
    chain: chains.length === 1 && only !== undefined ? only.chain : null,
    data: { kind: 'digest', count: all.length, chains, notices: lines },
  };
}

function moreFacts(more: number, chains: readonly { chain: string; count: number }[]): readonly Fact[] {
  const shown = chains.slice(0, 20).map(({ chain, count }) => `${chain} ${count}`);
  const rest = chains.length - shown.length;
  const text = [...shown, ...(rest > 0 ? [`and ${counted(rest, 'more chain')}`] : [])].join(', ');
  return [
    ...(more > 0 ? [{ name: `And ${more} more`, text: 'which are not shown here' }] : []),
    { name: 'By chain', text },
  ];
}

function partOf(letter: Letter, waiting: readonly WaitingNotice[]): readonly WaitingNotice[] {
  const ids = new Set(letter.notices);
  return waiting.filter(({ id }) => ids.has(id));
}

function bySeverity(one: Severity, other: Severity): number {
  return Number(isAtLeast(one, other)) - Number(isAtLeast(other, one));
}

function countsByChain(
  notices: readonly WaitingNotice[],
): readonly { readonly chain: string; readonly count: number }[] {
  const counts = new Map<string, number>();
  for (const { chain } of notices) counts.set(chain, (counts.get(chain) ?? 0) + 1);
  return [...counts]
    .map(([chain, count]) => ({ chain, count }))
    .toSorted((one, other) => other.count - one.count);
}

function filterText({ chains, severity, rate, expireMs }: Channel): string {
  const which = chains.includes('*') ? 'all chains' : `the chains ${chains.join(', ')}`;
  return `${which}, from the severity "${severity}" on, ${counted(rate.count, 'message')} in ${lengthText(rate.perMs)} at most, for up to ${formatDuration(expireMs)}`;
}

// Two projects, or the same one with a new state folder, begin with the same numbers.
function projectOf({ host, directory }: Origin): string {
  return hashOf(host, directory).slice(0, 8);
}

function hashOf(...parts: readonly string[]): string {
  return createHash('sha256').update(parts.join('\n')).digest('hex').slice(0, 16);
}
