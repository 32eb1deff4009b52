import type { NextTold, Told } from '../core/event.ts';
import type { Pause, Run } from '../core/facts.ts';
import { lengthText } from './outcome-text.ts';

/** What is told of the wishes of people: all of these are lines. */
type RequestTold = Extract<
  Told,
  {
    readonly kind:
      | 'paused'
      | 'resumed'
      | 'muted'
      | 'unmuted'
      | 'poked'
      | 'skip asked'
      | 'run skipped'
      | 'end asked'
      | 'chain stopped'
      | 'drain asked';
  }
>;

/** A line for something that somebody asked of a chain, and what comes of it. */
export function requestText(told: RequestTold): {
  readonly text: string;
  readonly weight: 'notice' | 'problem';
} {
  switch (told.kind) {
    case 'paused':
      return pausedText(told.pause);
    case 'resumed':
      return notice(told.by === null ? 'the pause is over' : `resumed by ${told.by}`);
    case 'muted':
      return notice(`alerts are muted by ${told.mute.by} for ${lengthText(told.mute.until.lengthMs)}`);
    case 'unmuted':
      return notice(told.by === null ? 'the mute is over' : `alerts are no longer muted, by ${told.by}`);
    case 'poked':
      return notice(`poked by ${told.by}: the next run does not wait for the cooldown`);
    case 'skip asked':
      return notice(`${told.by} leaves out the next run of ${told.task}`);
    case 'run skipped':
      return notice(`${told.task} is left out${nextText(told.next)}`);
    case 'end asked':
      return notice(`${told.by} ends run ${told.run.number} (${told.run.task})`);
    case 'chain stopped':
      return notice(`stopped by ${told.by}${restText(told.run)}; "runner start" starts it again`);
    case 'drain asked':
      return notice(`no further run begins${restText(told.run)}`);
  }
}

function notice(text: string): { readonly text: string; readonly weight: 'notice' } {
  return { text, weight: 'notice' };
}

function pausedText({ by, until }: Pause): { readonly text: string; readonly weight: 'notice' | 'problem' } {
  if (by.kind === 'failure') {
    const text = `paused, because ${by.task} failed and has onFailure: "pause"; mend it, then resume the chain: "runner resume" under "runner up", a new start under "runner run"`;
    return { text, weight: 'problem' };
  }
  const end = until === null ? 'until somebody resumes it' : `for ${lengthText(until.lengthMs)}`;
  return notice(`paused by ${by.name} ${end}`);
}

function nextText({ task, cooldownMs }: NextTold): string {
  return cooldownMs === 0 ? `; ${task} now` : `; ${task} in ${lengthText(cooldownMs)}`;
}

function restText(run: Run | null): string {
  return run === null || run.stage.kind !== 'running' ? '' : ` after run ${run.number} (${run.task})`;
}
