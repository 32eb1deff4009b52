import assert from 'node:assert/strict';
import { startStory, type ChainStory } from './chain-story.ts';

/** A story whose first run has succeeded: it cools down for 5 s. */
export async function startCooling(tasks: Parameters<ChainStory['change']>[0] = [{}]): Promise<ChainStory> {
  const story = await startStory({ tasks: tasks.map((task) => ({ successMs: 5_000, ...task })) });
  await story.when((workers) => workers.succeeds());
  return story;
}

/** Lets time pass up to the millisecond before `lengthMs`, and asserts that the next run begins then, and not before. */
export async function assertNextRunAfter(story: ChainStory, lengthMs: number): Promise<void> {
  const before = story.started;
  await story.advance(lengthMs - 1);
  assert.equal(story.started, before);
  await story.advance(1);
  assert.equal(story.started, before + 1);
}
