import { distance } from 'fastest-levenshtein';

/** The known word that `word` is probably a slip of, or `null`. */
function closestTo(word: string, known: readonly string[]): string | null {
  // Two letters that changed places are two steps.
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
  return closest === null ? '' : `, did you mean "${closest}"?`;
}

/** `a, b and c`; of more than `limit` words the first ones and how many there are besides. */
export function listOf(words: readonly string[], limit = 12): string {
  if (words.length > limit) {
    return `${words.slice(0, limit).join(', ')} and ${words.length - limit} more`;
  }
  if (words.length < 2) return words.join('');
  return `${words.slice(0, -1).join(', ')} and ${words.at(-1)}`;
}
