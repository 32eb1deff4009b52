import { distance } from 'fastest-levenshtein';
import { quoted, shownName } from '../core/quoted.ts';

/** A longer one is no slip, and to compare it takes long. */
const longestWord = 100;

/** The known word that `word` is probably a slip, the begin or a longer form of, or `null`. */
function closestTo(word: string, known: readonly string[]): string | null {
  if (word.length > longestWord) return null;
  const lower = word.toLowerCase();
  const { closest, steps } = fewestSteps(lower, known);
  if (closest !== null && steps <= 1) return closest;
  // "time" is rather "timeout" than "name".
  const begun = lower.length < 3 ? undefined : known.find((one) => one.toLowerCase().startsWith(lower));
  const longer = known.filter((one) => one.length >= 3 && lower.startsWith(one.toLowerCase()));
  return begun ?? closest ?? longer.toSorted((one, other) => other.length - one.length)[0] ?? null;
}

function fewestSteps(
  lower: string,
  known: readonly string[],
): { readonly closest: string | null; readonly steps: number } {
  // Two letters that changed places are two steps.
  const allowed = lower.length < 4 ? 1 : Math.max(2, Math.floor(lower.length / 3));
  let closest: string | null = null;
  let least = allowed + 1;
  for (const candidate of known) {
    // Capitals count for little: "timeOut" is "timeout".
    const steps = distance(lower, candidate.toLowerCase());
    if (steps < least) {
      closest = candidate;
      least = steps;
    }
  }
  return { closest, steps: least };
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
