import type { ChainStatus, RunStatus } from '../core/status.ts';
import type { Holder, LastEnd } from '../core/facts.ts';
import { toDurationMs } from '../core/units.ts';
import { localTime } from './local-time.ts';
import { lengthText, outcomeText } from './outcome-text.ts';

/** What a chain does and why, in one line of at most `width` characters beside its name. */
export function whyText(status: ChainStatus): string {
  const { run, pause, cooldown, last } = status;
  switch (status.state) {
    case 'running':
      return run === null ? 'running' : runningText(run, status);
    case 'cooling down':
      return cooldown === null ? 'cooling down' : coolingText(cooldown, status);
    case 'paused':
      return pause === null ? 'paused' : pausedText(pause);
    case 'stopped':
      return status.stopped === null
        ? 'stopped'
        : `stopped by ${status.stopped.by}, ${agoText(status.stopped.since)}`;
    case 'left behind':
      return `waits for ${holdersText(status.inTheWay)}, left behind by run ${run?.number ?? ''}`;
    case 'worker blocked':
      return `waits for ${holdersText(status.inTheWay)}, an earlier run that goes on`;
    case 'worker starting':
      return 'its worker starts';
    case 'worker cannot start':
      return `its worker cannot start: ${status.reason ?? ''}`;
    case 'store fails':
      return `its state cannot be stored: ${status.reason ?? ''}`;
    case 'held elsewhere':
      return heldText(status);
    case 'cannot begin':
      return `cannot begin: ${status.reason ?? ''}`;
    case 'let go':
      return 'this runner has let go of it';
    case 'waiting':
      return last === null ? 'begins' : 'about to go on';
  }
}

/** The same with all that is known besides, a line for each thing; for a single chain. */
export function explainStatus(status: ChainStatus): readonly string[] {
  const { run, cooldown, pause, state } = status;
  const next = state === 'cooling down' ? 'cooling down, the next run comes ' : '';
  const lines = [`${status.chain}: ${next}${whyText(status)}`];
  if (state === 'cooling down' && cooldown !== null && status.last?.outcome.kind !== 'succeeded') {
    lines.push(`  the cooldown lasts for ${lengthText(toSeconds(cooldown.lengthMs))} in all`);
  }
  if (state !== 'paused' && pause !== null) lines.push(`  ${pausedText(pause)}`);
  if (state === 'paused' && cooldown !== null) {
    lines.push(`  its cooldown lasts for another ${lengthText(toSeconds(cooldown.remainingMs))}`);
  }
  if (status.mute !== null) lines.push(`  ${mutedText(status.mute)}`);
  if (status.isPoked) lines.push('  poked: the next run does not wait for a cooldown');
  if (status.isSkippingNext) lines.push('  the next run is left out');
  if (status.wanted === 'drain') lines.push('  it is let go after this run');
  const isStopping = status.wanted === 'stop' || status.wanted === 'stop now';
  if (isStopping && state !== 'stopped') lines.push('  it is being stopped');
  if (run !== null && run.ending !== null)
    lines.push(`  run ${run.number} is being ended (${run.ending.why}, ${run.ending.step})`);
  if (status.last !== null) lines.push(`  last: ${lastText(status.last)}`);
  for (const [task, streak] of Object.entries(status.streaks)) {
    lines.push(`  ${task} has failed ${streak === 1 ? 'once' : `${streak} times in a row`}`);
  }
  return lines;
}

/** How the last run ended, in brief. */
function lastText({ run, task, outcome, durationMs, endedAt }: LastEnd): string {
  return `run ${run} ${task} ${outcomeText(outcome, durationMs)}, ${agoText(endedAt)}`;
}

function runningText(run: RunStatus, { wanted }: ChainStatus): string {
  const usual = run.usualMs === null ? '' : `, usually ${lengthText(toDurationMs(Math.round(run.usualMs)))}`;
  const after = wanted === 'run' ? '' : ', then it ends';
  return `run ${run.number} for ${lengthText(toSeconds(run.forMs))}${usual}${after}`;
}

function coolingText(
  { remainingMs, lengthMs }: NonNullable<ChainStatus['cooldown']>,
  { last }: ChainStatus,
): string {
  const remaining = `in ${lengthText(toSeconds(remainingMs))}`;
  const why = last === null ? null : cooldownReason(last);
  return why === null ? `${remaining} of ${lengthText(toSeconds(lengthMs))}` : `${remaining}, after ${why}`;
}

/** What is worth to be said of the last run, `null` after a success. */
function cooldownReason({ streak, outcome }: LastEnd): string | null {
  if (streak > 1) return `${streak} failures: ${briefly(outcomeText(outcome))}`;
  if (streak === 1) return `a failure: ${briefly(outcomeText(outcome))}`;
  return outcome.kind === 'succeeded' ? null : `a run that ${outcomeText(outcome)}`;
}

function briefly(text: string): string {
  return text.replace(/^failed: /, '');
}

function pausedText({ by, since, remainingMs }: NonNullable<ChainStatus['pause']>): string {
  const who = by.kind === 'operator' ? `by ${by.name}` : `because ${by.task} failed (onFailure: "pause")`;
  const end =
    remainingMs === null ? 'until "runner resume"' : `for another ${lengthText(toSeconds(remainingMs))}`;
  return `paused ${who}, ${agoText(since)}, ${end}`;
}

/** Since when, by whom and until when alerts are muted. */
export function mutedText({ by, since, remainingMs }: NonNullable<ChainStatus['mute']>): string {
  const until = localTime(Date.now() + remainingMs).slice(0, 16);
  return `alerts muted until ${until} by ${by}, ${agoText(since)}`;
}

function heldText({ heldBy }: ChainStatus): string {
  if (heldBy === null) return 'another process runs it';
  if (heldBy.isGiving)
    return `its run goes on in process ${heldBy.pid}, the runner before, and is taken over then`;
  return heldBy.pid === null ? heldBy.command : `process ${heldBy.pid} runs it (${heldBy.command})`;
}

function holdersText(holders: readonly Holder[]): string {
  if (holders.length === 0) return 'a process that this user may not look into';
  const shown = holders.slice(0, 3).map(({ pid, command }) => `${pid} (${command})`);
  return [...shown, ...(holders.length > 3 ? [`and ${holders.length - 3} more`] : [])].join(', ');
}

function agoText(since: number): string {
  const agoMs = Math.max(0, Date.now() - since);
  return agoMs < 1_000 ? 'just now' : `${lengthText(toSeconds(agoMs))} ago`;
}

/** Whole seconds from a second on: what changes while it is read is not worth a digit. */
function toSeconds(lengthMs: number): ReturnType<typeof toDurationMs> {
  return toDurationMs(lengthMs < 1_000 ? Math.round(lengthMs) : Math.round(lengthMs / 1_000) * 1_000);
}
