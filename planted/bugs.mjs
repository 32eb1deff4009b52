// Bugs that somebody might write, each with the tests that are to catch it. `npm run planted` tries them.
import { chainBugs } from './chain-bugs.mjs';
import { processBugs } from './process-bugs.mjs';
import { serviceBugs } from './service-bugs.mjs';

/**
 * @typedef {object} Bug
 * @property {string} name
 * @property {string} why What would go wrong for a user.
 * @property {string} file The source file, from the root of the repository.
 * @property {string} find Stands in it exactly once.
 * @property {string} put What it is replaced with.
 * @property {readonly string[]} caughtBy Words for scripts/test.mjs: the fewest files of tests that are to catch it; of
 *   files that take long, with the names of some of their tests.
 */

/** @type {readonly Bug[]} */
export const bugs = [...chainBugs, ...processBugs, ...serviceBugs];

/** What is wrong with a bug of the list, given the text of its file; `null` when nothing is. */
export function mistakeIn({ find, put, file }, text) {
  const times = text.split(find).length - 1;
  if (times !== 1) return `its "find" stands ${times} times in ${file}, write one that stands there once`;
  return find === put ? 'it changes nothing' : null;
}
