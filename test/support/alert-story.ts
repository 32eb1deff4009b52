import type { Notice } from '../../src/core/notice.ts';
import { formatDuration } from '../../src/core/duration.ts';
import { toDurationMs } from '../../src/core/units.ts';
import { ChainStory, type StoryWishes } from './chain-story.ts';

/** Lengths of time in milliseconds. */
export const minute: number = 60_000;
export const hour: number = 60 * minute;
export const day: number = 24 * hour;

/** How a run goes: it succeeds, fails and prints this, or does not end by itself. */
export type Plan = (run: {
  readonly number: number;
  readonly atMs: number;
  readonly task: string;
}) => string | null;

/** A run that succeeds, and one that never ends. */
export const succeeds = 'succeeds';

/** How long each run takes. */
const runMs = 1_000;

/** A chain whose runs go by a plan for days of virtual time, and what people are told meanwhile. */
export class AlertStory extends ChainStory {
  readonly #plan: Plan;

  constructor(wishes: StoryWishes, plan: Plan) {
    super(wishes);
    this.workers.tookMs = toDurationMs(runMs);
    this.#plan = plan;
    this.workers.whenHanded = (run) => {
      const { nowMs } = this.schedule;
      const going = this.#plan({ number: run.number, atMs: nowMs, task: run.task });
      if (going !== null) this.schedule.after(runMs, () => this.#end(going));
    };
  }

  /** The notices that went to people, in their order. */
  get notices(): readonly Notice[] {
    return this.#given(false);
  }

  /** Those that were kept back. */
  get held(): readonly Notice[] {
    return this.#given(true);
  }

  /** The same to read: when, what, and about what. */
  get transcript(): readonly string[] {
    return this.notices.map((notice) => `${this.#when(notice)} ${notice.kind}${detailOf(notice)}`);
  }

  #given(isHeld: boolean): readonly Notice[] {
    return this.told.flatMap((told) =>
      told.kind === 'notice' && told.isHeld === isHeld ? [told.notice] : [],
    );
  }

  #when({ at }: Notice): string {
    const sinceMs = at - this.beganWallMs;
    const hours = Math.floor((sinceMs % day) / hour);
    const minutes = Math.floor((sinceMs % hour) / minute);
    return `day ${Math.floor(sinceMs / day)} ${twoDigits(hours)}:${twoDigits(minutes)}`;
  }

  #end(going: string): void {
    if (going === succeeds) {
      this.workers.succeeds();
      return;
    }
    this.output.written = going;
    this.workers.exits(1);
  }
}

function detailOf(notice: Notice): string {
  switch (notice.kind) {
    case 'incident opened':
    case 'new kind':
      return `: ${notice.failure?.title}`;
    case 'incident lasts':
    case 'incident healed':
      return `: ${notice.incident.failures} failures, ${notice.incident.kinds.length} kinds`;
    case 'breaker opened':
      return `: probes every ${formatDuration(notice.probeMs ?? toDurationMs(0))}`;
    case 'flapping':
    case 'flapping lasts':
    case 'flapping over':
      return `: ${notice.incidents} incidents, ${notice.failures} failures`;
    case 'alerts resumed':
      return `: ${notice.held.map(({ kind, count }) => `${count} ${kind}`).join(', ')}; ${notice.open.length} open`;
    case 'not fresh':
    case 'not fresh lasts':
    case 'fresh again':
    case 'blocked':
    case 'blocked lasts':
    case 'unblocked':
    case 'late run':
    case 'late run ended':
      return ` for ${formatDuration(notice.forMs)}`;
  }
}

function twoDigits(count: number): string {
  return String(count).padStart(2, '0');
}
