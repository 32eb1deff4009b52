// node bare-spawn.js RUNS PROGRAM [ARG...]: runs a program again and again with child_process.spawn and nothing
// else. Prints the runs per second and this process's own milliseconds of processor time per run.
import { spawn } from 'node:child_process';

const [runs = '0', program = '', ...args] = process.argv.slice(2);
const warmUpRuns = 50;

for (let run = 0; run < warmUpRuns; run += 1) await once();
const startedMs = performance.now();
const usedBefore = process.cpuUsage();
for (let run = warmUpRuns; run < Number(runs); run += 1) await once();
const used = process.cpuUsage(usedBefore);
const measured = Number(runs) - warmUpRuns;
console.log(
  JSON.stringify({
    runsPerSecond: (measured * 1_000) / (performance.now() - startedMs),
    cpuMs: (used.user + used.system) / 1_000 / measured,
  }),
);

function once(): Promise<void> {
  return new Promise((resolve, reject) => {
    const child = spawn(program, args, { stdio: 'ignore' });
    child.on('error', reject);
    child.on('close', () => resolve());
  });
}
