import { fileURLToPath } from 'node:url';
import { answerOf } from './process-figures.ts';
import { numberIn } from './runner-figures.ts';
import type { Workshop } from './workshop.ts';

const spawnScript = fileURLToPath(new URL('bare-spawn.js', import.meta.url));
const runs = 600;

/** What the floor of a supervisor in Node is called. */
export const bareNode = 'bare spawn in Node';
/**
 * The share of a bare spawn's processor time that a run may cost the runner: the goal of 0.2 ms was set where a bare spawn
 * took 0.53 ms, and a slower machine is no fault of either.
 */
export const goalOfSpawn: number = 0.38;

/** What a Node does that runs a command again and again, and nothing else. */
export async function bareSpawn(
  workshop: Workshop,
): Promise<{ readonly runsPerSecond: number; readonly cpuMs: number }> {
  const words = [spawnScript, String(runs), workshop.append.path, workshop.fresh()];
  const answer = await answerOf(process.execPath, words);
  return { runsPerSecond: numberIn(answer, 'runsPerSecond'), cpuMs: numberIn(answer, 'cpuMs') };
}
