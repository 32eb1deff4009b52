import { shorten } from './plain-text.ts';

const longestShown = 60;

/** A text of somebody else between quotes, as JSON has it: on one line, at most 60 characters of it. */
export function quoted(text: string): string {
  return JSON.stringify(shorten(text, longestShown));
}

/** A name or path as it is where it is plain, otherwise between quotes. */
export function shownName(text: string): string {
  return /^(?!(?:null|undefined|NaN)$)[\w.:/@*?+,$-]{1,200}$/.test(text) ? text : quoted(text);
}
