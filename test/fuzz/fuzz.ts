import { test } from 'node:test';
import fc from 'fast-check';

// CASES=1000000 npm test -- fuzz plays so many cases instead of 100 000; SEED=123 plays the same ones again.

/** How many of 100 000 cases each family gets: many where one is cheap, fewer where it needs a file or a process. */
export const casesOf = {
  'values of a configuration': 4_000,
  'values that are no data': 2_000,
  'a configuration in JSON': 2_000,
  'a configuration in YAML': 2_000,
  'texts that are nearly JSON or YAML': 2_500,
  'a configuration that is code': 200,
  'a whole project': 500,
  'typed tasks and options': 1_500,
  'texts of any length': 60,
  durations: 12_000,
  sizes: 7_000,
  'lists of processors': 4_000,
  'addresses to listen at': 5_000,
  'names of chains': 6_000,
  'texts of tasks': 8_000,
  'files of variables': 6_000,
  'messages of a worker': 9_000,
  'lines of a journal': 6_000,
  'requests to a worker': 4_000,
  'lines to the command worker': 300,
  'bodies of requests': 4_000,
  'requests at the socket': 1_000,
  'answers of a web server': 200,
  'answers of a mail server': 140,
  'heads of mails': 200,
  'texts of messages': 1_200,
  'stored states': 2_000,
  'output on a terminal': 4_000,
  'text in one line': 3_000,
  'labels of metrics': 1_200,
  'units of systemd': 1_000,
} as const;

type Family = keyof typeof casesOf;

const wanted = Number(process.env['CASES'] ?? 100_000);
const seed = process.env['SEED'];

/** A test of a property with the cases of its family; a failure prints the seed and the smallest counter-example. */
export function fuzz<Case>(
  family: Family,
  cases: fc.Arbitrary<Case>,
  check: (one: Case) => void | Promise<void>,
): void {
  test(family, () => play(family, cases, check));
}

/** The same within a test that has made something first. */
export async function play<Case>(
  family: Family,
  cases: fc.Arbitrary<Case>,
  check: (one: Case) => void | Promise<void>,
): Promise<void> {
  await fc.assert(
    fc.asyncProperty(cases, async (one) => {
      const waiting = check(one);
      if (waiting !== undefined) await waiting;
    }),
    {
      numRuns: Math.ceil((casesOf[family] * wanted) / 100_000),
      ...(seed !== undefined && { seed: Number(seed) }),
    },
  );
}
