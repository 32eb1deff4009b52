import type { Random } from '../ports.ts';

/** The chance of this process: good enough to spread waits, not for secrets. */
export const systemRandom: Random = { next: () => Math.random() };
