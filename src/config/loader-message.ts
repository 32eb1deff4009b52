import type { LoadAnswer } from './loaded.ts';

/** A line of JSON that the config loader writes. */
export type LoaderMessage =
  /** Written before a module of the user is imported, because that may be the last that is heard. */
  | { readonly kind: 'importing'; readonly module: string }
  | { readonly kind: 'answer'; readonly answer: LoadAnswer };
