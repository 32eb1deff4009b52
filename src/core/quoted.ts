import { shorten } from './plain-text.ts';

const longestShown = 60;
/** What JSON leaves as it is, and nobody sees, or what changes the direction of writing. */
const unseen = /[\u007f-\u009f\u061c\u200b-\u200f\u2028-\u202e\u2060-\u2069\ufeff]/g;

/** A text of somebody else between quotes, as JSON has it: on one line, at most 60 characters of it. */
export function quoted(text: string): string {
  return JSON.stringify(shorten(text, longestShown)).replace(unseen, escaped);
}

function escaped(character: string): string {
  return `\\u${character.charCodeAt(0).toString(16).padStart(4, '0')}`;
}

/** A name or path as it is where it is plain, otherwise between quotes. */
export function shownName(text: string): string {
  return /^(?!(?:null|undefined|NaN)$)[\w.:/@*?+,$-]{1,200}$/.test(text) ? text : quoted(text);
}
