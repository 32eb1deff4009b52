import type { Failure } from '../core/delivery.ts';

/** What came of sending a message. Texts of the other side are in it, and may hold secrets: mask them. */
export type Sent =
  | { readonly kind: 'sent'; readonly answer: string }
  | ({ readonly kind: 'failed' } & Failure);

const longestShown = 200;

/** The beginning of what the other side said, in one line. */
export function shownPart(said: string): string {
  return said.replace(/\s+/g, ' ').trim().slice(0, longestShown);
}

/** A failure after which the same may work. */
export function failed(error: string): Sent {
  return { kind: 'failed', error, isPermanent: false, retryAfterMs: null };
}

/** A failure that will be the same next time. */
export function refused(error: string): Sent {
  return { kind: 'failed', error, isPermanent: true, retryAfterMs: null };
}
