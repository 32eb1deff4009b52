import type { Facts } from '../../src/core/facts.ts';
import { tables, type Combination, type Hold, type Table } from './coverage-names.ts';

/** How often what was reached, by table and name. */
export type CoverageCounts = Readonly<Record<string, Readonly<Record<string, number>>>>;

/** Counts what the worlds of a simulation have reached. */
export class Coverage {
  readonly #counts = new Map<Table, Map<string, number>>();
  #lastFacts: Facts | null = null;

  constructor() {
    for (const table of tableNames()) this.#counts.set(table, new Map());
  }

  count(table: Table, name: string): void {
    const counts = this.#counts.get(table);
    counts?.set(name, (counts.get(name) ?? 0) + 1);
  }

  /** The facts of a chain, which may be the same as before. */
  facts(facts: Facts): void {
    if (facts === this.#lastFacts) return;
    this.#lastFacts = facts;
    const { run, pause, stopped } = facts.state;
    const stage = run?.stage.kind ?? 'no run';
    let hold: Hold = pause === null ? 'free' : 'paused';
    if (stopped !== null) hold = 'stopped';
    const combination: Combination = `${facts.wanted.kind}, ${stage}, ${facts.store.kind}, ${hold}`;
    this.count('wanted, run, store, hold', combination);
    this.count('worker and run', `${facts.worker.kind}, ${stage}`);
  }

  /** The counts, with a 0 for what was never reached. */
  counts(): CoverageCounts {
    return Object.fromEntries(
      tableNames().map((table) => {
        const counts = this.#counts.get(table);
        const names = new Set([...tables[table], ...(counts?.keys() ?? [])]);
        return [table, Object.fromEntries([...names].map((name) => [name, counts?.get(name) ?? 0]))];
      }),
    );
  }
}

/** Both counts together. */
export function sumOf(one: CoverageCounts, other: CoverageCounts): CoverageCounts {
  const counts: Record<string, Record<string, number>> = {};
  for (const [table, names] of [...Object.entries(one), ...Object.entries(other)]) {
    const sums = (counts[table] ??= {});
    for (const [name, count] of Object.entries(names)) sums[name] = (sums[name] ?? 0) + count;
  }
  return counts;
}

/** What was never reached, as `table: name`. */
export function neverReached(counts: CoverageCounts): readonly string[] {
  return Object.entries(counts).flatMap(([table, names]) =>
    Object.entries(names).flatMap(([name, count]) => (count === 0 ? [`${table}: ${name}`] : [])),
  );
}

function tableNames(): readonly Table[] {
  return Object.keys(tables).filter((name): name is Table => name in tables);
}
