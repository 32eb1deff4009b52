const highestCpu = 4095;
/** More parts would name some processor twice. */
const mostParts = highestCpu + 1;

/** Reads a list of processors such as `0-3,5`, in rising order and each once; `null` when it is none. */
export function parseCpus(text: string): readonly number[] | null {
  const cpus = new Set<number>();
  const parts = text.split(',', mostParts + 1);
  if (parts.length > mostParts) return null;
  for (const part of parts) {
    const { first, last } = /^\s*(?<first>\d{1,4})(?:\s*-\s*(?<last>\d{1,4}))?\s*$/.exec(part)?.groups ?? {};
    const [from, to] = [Number(first), Number(last ?? first)];
    if (first === undefined || to < from || to > highestCpu) return null;
    for (let cpu = from; cpu <= to; cpu += 1) cpus.add(cpu);
  }
  return [...cpus].toSorted((one, other) => one - other);
}

/** Writes processors as the kernel does: `0-3,5`. @param cpus in rising order */
export function formatCpus(cpus: readonly number[]): string {
  const ranges: { first: number; last: number }[] = [];
  for (const cpu of cpus) {
    const range = ranges.at(-1);
    if (range !== undefined && range.last === cpu - 1) range.last = cpu;
    else ranges.push({ first: cpu, last: cpu });
  }
  return ranges.map(({ first, last }) => (first === last ? String(first) : `${first}-${last}`)).join(',');
}
