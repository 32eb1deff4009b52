import { distance } from 'fastest-levenshtein';
import { quoted, shownName } from '../core/quoted.ts';

/** A longer one is no slip, and to compare it takes long. */
const longestWord = 100;

/** The known word that `word` is probably a slip of, or `null`. */
function closestTo(word: string, known: readonly string[]): string | null {
  // Two letters that changed places are two steps.
  if (word.length > longestWord) return null;
  const allowed = word.length < 4 ? 1 : Math.max(2, Math.floor(word.length / 3));
  const lower = word.toLowerCase();
  let closest: string | null = null;
  let least = allowed + 1;
  for (const candidate of known) {
    // Capitals count for little: "timeOut" is "timeout".
    const steps = candidate.toLowerCase() === lower ? 0 : distance(lower, candidate.toLowerCase());
    if (steps < least) {
      closest = candidate;
      least = steps;
    }
  }
  return closest;
}

/** `, did you mean "cooldown"?` to put at the end of a message, or an empty text. */
export function didYouMean(word: string, known: readonly string[]): string {
  const closest = closestTo(word, known);
  return closest === null ? '' : `, did you mean ${quoted(closest)}?`;
}

/** `a, b and c`; of more than `limit` words the first ones and how many there are besides. */
export function listOf(words: readonly string[], limit = 12): string {
  const shown = words.slice(0, limit).map(shownWord);
  if (words.length > limit) return `${shown.join(', ')} and ${words.length - limit} more`;
  if (shown.length < 2) return shown.join('');
  return `${shown.slice(0, -1).join(', ')} and ${shown.at(-1)}`;
}

// Words that are between quotes already stay as they are.
function shownWord(word: string): string {
  return /^"[^"]*"$/.test(word) ? word : shownName(word);
}
