import type { ControlRequest } from '../../src/control-port.ts';
import { toDurationMs } from '../../src/core/units.ts';
import { portCalls, type PortCall } from './coverage-names.ts';
import type { SeededRandom } from '../support/seeded-random.ts';

/** Which runner: the one that is up, or the one that has the chain, which may be another. */
type Whose = 'up' | 'with the chain';

/** What is asked of the chain; who asks is named when it is asked. */
type Wish = ControlRequest extends infer One ? (One extends ControlRequest ? Omit<One, 'by'> : never) : never;

/** One thing that is done to the world, with all its particulars. */
export type Harm =
  | { readonly kind: 'runner killed'; readonly whose: Whose }
  /** It dies at the last of so many calls that it makes from now on: before the call has its effect, or after. */
  | {
      readonly kind: 'runner killed at work';
      readonly whose: Whose;
      readonly calls: number;
      readonly isBefore: boolean;
      /** Calls of this name alone are counted; `null` for all. */
      readonly at: PortCall | null;
    }
  /** It dies while its next save is on its way, which is committed, or not, without an answer. */
  | { readonly kind: 'runner killed while it stores'; readonly whose: Whose; readonly isCommitted: boolean }
  | { readonly kind: 'runner stopped'; readonly whose: Whose; readonly how: 'drain' | 'stop' | 'stop now' }
  /** SIGSTOP, and SIGCONT later. */
  | { readonly kind: 'runner frozen'; readonly whose: Whose; readonly forMs: number }
  /** One more `runner up` at the same time. */
  | { readonly kind: 'second runner' }
  /** `runner run`, which may ask the one that is up for the chain. */
  | {
      readonly kind: 'runner in the foreground';
      readonly isTakeover: boolean;
      readonly passGoal: number | null;
    }
  | { readonly kind: 'upgrade'; readonly isRefused: boolean }
  /** A power cut takes what the kernel has not yet put on the disk. */
  | { readonly kind: 'host rebooted'; readonly isPowerCut: boolean; readonly wallByMs: number }
  | { readonly kind: 'clock set'; readonly byMs: number }
  | { readonly kind: 'disk full'; readonly forMs: number }
  | { readonly kind: 'save fails'; readonly saves: number }
  | { readonly kind: 'store slow'; readonly saves: number; readonly byMs: number }
  | { readonly kind: 'term cannot begin'; readonly times: number }
  | { readonly kind: 'chain cannot be opened'; readonly times: number }
  | { readonly kind: 'worker killed' }
  /** As the next run ends: before or after that is in the journal, and in any case before it is said. */
  | { readonly kind: 'worker killed as a run ends'; readonly isRecorded: boolean }
  | { readonly kind: 'worker killed in a run'; readonly afterMs: number }
  /** Its connection breaks: what it said and was not heard is lost; it finishes its run, and goes. */
  | { readonly kind: 'worker cut off' }
  | { readonly kind: 'worker cannot start'; readonly times: number }
  | { readonly kind: 'tasks cannot be loaded'; readonly times: number }
  | { readonly kind: 'messages late'; readonly byMs: number; readonly forMs: number }
  | { readonly kind: 'log full' }
  | {
      readonly kind: 'reload';
      readonly to: 'another' | 'without the chain' | 'with the chain' | 'broken';
      readonly isDryRun: boolean;
      readonly tookMs: number;
    }
  | { readonly kind: 'asked'; readonly wish: Wish }
  | { readonly kind: 'status looked at' };

type HarmKind = Harm['kind'];

/** A harm in the plan of a world. It comes `gapMs` after the one before, or after so many steps, whatever is first. */
export interface PlannedHarm {
  /** Its number in the plan, from 1, by which it is left out or kept. */
  readonly number: number;
  readonly gapMs: number;
  readonly steps: number;
  readonly harm: Harm;
}

type HarmOf<Kind extends HarmKind> = Extract<Harm, { readonly kind: Kind }>;

interface Maker<Kind extends HarmKind> {
  /** How often it is chosen, compared with the others. */
  readonly weight: number;
  readonly make: (random: SeededRandom) => HarmOf<Kind>;
}

const hourMs = 3_600_000;
const dayMs = 24 * hourMs;

const makers: { readonly [Kind in HarmKind]: Maker<Kind> } = {
  'runner killed': { weight: 3, make: (random) => ({ kind: 'runner killed', whose: whose(random) }) },
  'runner killed at work': {
    weight: 8,
    make: (random) => ({
      kind: 'runner killed at work',
      whose: whose(random),
      ...fuse(random),
      isBefore: random.happens(0.5),
    }),
  },
  'runner killed while it stores': {
    weight: 3,
    make: (random) => ({
      kind: 'runner killed while it stores',
      whose: whose(random),
      isCommitted: random.happens(0.5),
    }),
  },
  'runner stopped': {
    weight: 3,
    make: (random) => ({
      kind: 'runner stopped',
      whose: whose(random),
      how: random.pick(['drain', 'stop', 'stop', 'stop now']),
    }),
  },
  'runner frozen': {
    weight: 2,
    make: (random) => ({
      kind: 'runner frozen',
      whose: whose(random),
      forMs: random.between(1, random.pick([3_000, 60_000])),
    }),
  },
  'second runner': { weight: 1, make: () => ({ kind: 'second runner' }) },
  'runner in the foreground': {
    weight: 2,
    make: (random) => ({
      kind: 'runner in the foreground',
      isTakeover: random.happens(0.7),
      passGoal: random.pick([null, 1, 2]),
    }),
  },
  upgrade: { weight: 3, make: (random) => ({ kind: 'upgrade', isRefused: random.happens(0.2) }) },
  'host rebooted': {
    weight: 2,
    make: (random) => ({
      kind: 'host rebooted',
      isPowerCut: random.happens(0.3),
      wallByMs: random.happens(0.5) ? jump(random) : 0,
    }),
  },
  'clock set': { weight: 2, make: (random) => ({ kind: 'clock set', byMs: jump(random) }) },
  'disk full': {
    weight: 2,
    make: (random) => ({ kind: 'disk full', forMs: random.between(1, random.pick([2_000, 40_000])) }),
  },
  'save fails': { weight: 2, make: (random) => ({ kind: 'save fails', saves: random.between(1, 3) }) },
  'store slow': {
    weight: 2,
    make: (random) => ({
      kind: 'store slow',
      saves: random.between(1, 5),
      byMs: random.between(1, random.pick([300, 10_000])),
    }),
  },
  'term cannot begin': {
    weight: 1,
    make: (random) => ({ kind: 'term cannot begin', times: random.between(1, 3) }),
  },
  'chain cannot be opened': {
    weight: 1,
    make: (random) => ({ kind: 'chain cannot be opened', times: random.between(1, 3) }),
  },
  'worker killed': { weight: 2, make: () => ({ kind: 'worker killed' }) },
  'worker killed as a run ends': {
    weight: 2,
    make: (random) => ({ kind: 'worker killed as a run ends', isRecorded: random.happens(0.5) }),
  },
  'worker killed in a run': {
    weight: 1,
    make: (random) => ({ kind: 'worker killed in a run', afterMs: random.between(0, 5_000) }),
  },
  'worker cut off': { weight: 2, make: () => ({ kind: 'worker cut off' }) },
  'worker cannot start': {
    weight: 2,
    make: (random) => ({ kind: 'worker cannot start', times: random.between(1, 3) }),
  },
  'tasks cannot be loaded': {
    weight: 1,
    make: (random) => ({ kind: 'tasks cannot be loaded', times: random.between(1, 3) }),
  },
  'messages late': {
    weight: 2,
    make: (random) => ({
      kind: 'messages late',
      byMs: random.between(1, random.pick([50, 5_000])),
      forMs: random.between(1, 60_000),
    }),
  },
  'log full': { weight: 2, make: () => ({ kind: 'log full' }) },
  reload: {
    weight: 4,
    make: (random) => ({
      kind: 'reload',
      to: random.pick(['another', 'another', 'another', 'without the chain', 'with the chain', 'broken']),
      isDryRun: random.happens(0.1),
      tookMs: random.between(0, random.pick([300, 3_000])),
    }),
  },
  asked: { weight: 24, make: (random) => ({ kind: 'asked', wish: wish(random, wishKinds) }) },
  'status looked at': { weight: 3, make: () => ({ kind: 'status looked at' }) },
};

/** Calls that are made so rarely that chance alone would hardly choose them in time. */
const rareCalls: readonly [PortCall, ...PortCall[]] = [
  'seat.take',
  'seat.leave',
  'startSuccessor',
  'load',
  'output.rotate',
  'output.limit',
  'workers.remains',
];
const calls = Object.keys(portCalls).filter((call): call is PortCall => call in portCalls);
const kinds: readonly HarmKind[] = Object.keys(makers).filter((kind): kind is HarmKind => kind in makers);

/** In some worlds there are only these, which together hold a chain up: what they make of one another is rare else. */
const holding: readonly HarmKind[] = ['disk full', 'save fails', 'store slow', 'runner stopped', 'asked'];

/** Everything that is done to one world, in its order. Most worlds know a part of the harms only: those come together. */
export function planOf(random: SeededRandom): readonly PlannedHarm[] {
  const gapMs = random.pick([300, 3_000, 30_000, hourMs]);
  const steps = random.pick([10, 30, 60]);
  const share = random.pick([1, 0.5, 0.25]);
  const isHeld = random.happens(0.2);
  const lots = lotsOf(isHeld ? holding : kinds.filter(() => random.happens(share)));
  const wishes = someOf(random, isHeld ? 0.5 : share);
  return Array.from({ length: random.between(0, 40) }, (_, index) => {
    const kind = lots[random.between(0, lots.length - 1)] ?? 'asked';
    return {
      number: index + 1,
      gapMs: random.between(1, gapMs),
      steps: random.between(0, steps),
      harm: kind === 'asked' ? { kind, wish: wish(random, wishes) } : makers[kind].make(random),
    };
  });
}

function lotsOf(some: readonly HarmKind[]): readonly HarmKind[] {
  return some.flatMap((kind) => Array.from({ length: makers[kind].weight }, () => kind));
}

function someOf(random: SeededRandom, share: number): readonly Wish['kind'][] {
  return wishKinds.filter(() => random.happens(share));
}

/** A harm in one line. */
export function harmText({ kind, ...particulars }: Harm): string {
  const { wish: asked, ...others } = { wish: undefined, ...particulars };
  const words = Object.entries({ ...others, ...asked }).map(([name, value]) => `${name} ${String(value)}`);
  return [kind, ...words].join(', ');
}

function whose(random: SeededRandom): Whose {
  return random.pick(['up', 'with the chain']);
}

/** Half of the time one of the calls is meant that are made rarely. */
function fuse(random: SeededRandom): { readonly calls: number; readonly at: PortCall | null } {
  if (random.happens(0.5)) return { calls: random.between(1, random.pick([5, 40, 120])), at: null };
  if (random.happens(0.5)) return { calls: 1, at: random.pick(rareCalls) };
  return { calls: random.between(1, 3), at: calls[random.between(0, calls.length - 1)] ?? null };
}

function jump(random: SeededRandom): number {
  return random.pick([-10 * dayMs, -hourMs, -50, 50, hourMs, 10 * dayMs]);
}

const wishKinds: readonly Wish['kind'][] = [
  'poke',
  'poke',
  'poke',
  'skip',
  'pause',
  'pause',
  'resume',
  'resume',
  'mute',
  'unmute',
  'restart',
  'kill-run',
  'kill-run',
  'stop',
  'start',
  'start',
  'release',
];

function wish(random: SeededRandom, some: readonly Wish['kind'][]): Wish {
  const isNow = random.happens(0.3);
  const kind = some[random.between(0, some.length - 1)] ?? 'poke';
  switch (kind) {
    case 'pause': {
      const forMs = random.pick([null, 100, 5_000, hourMs]);
      return { kind, forMs: forMs === null ? null : toDurationMs(forMs) };
    }
    case 'mute':
      return { kind, forMs: toDurationMs(random.pick([100, 5_000, hourMs, 3 * dayMs])) };
    case 'stop':
    case 'kill-run':
      return { kind, isNow };
    case 'release':
      return { kind, pid: 1 };
    case 'start':
    case 'poke':
    case 'resume':
    case 'unmute':
    case 'skip':
    case 'restart':
      return { kind };
  }
}
