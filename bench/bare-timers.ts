// node bare-timers.js COUNT PERIOD_MS: so many timers, each of which fires once in a period, evenly spread, and nothing
// else. Prints this process's share of a core over one period, in percent, and by how many milliseconds the latest of a
// hundred fire late.
import { percentile } from './up-figures.ts';

const [count = 0, periodMs = 0] = process.argv.slice(2).map(Number);
const late: number[] = [];
const from = { ms: performance.now(), cpu: process.cpuUsage() };

for (let index = 1; index <= count; index += 1) {
  const dueMs = from.ms + (index * periodMs) / count;
  setTimeout(() => late.push(performance.now() - dueMs), dueMs - performance.now());
}
process.on('exit', () => {
  const { user, system } = process.cpuUsage(from.cpu);
  const percentOfCore = (100 * (user + system)) / 1_000 / (performance.now() - from.ms);
  console.log(JSON.stringify({ percentOfCore, lateMs: percentile(late, 0.99) }));
});
