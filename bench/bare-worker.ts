// node bare-worker.js RUNS WORKER FOLDER PROGRAM [ARG...]: asks the runner's own worker for commands to run a program
// again and again, and does nothing else with its answers: nothing is decided and nothing is stored. Prints the runs per
// second and this process's own milliseconds of processor time per run.
import { Socket } from 'node:net';
import { createInterface } from 'node:readline';
import { spawnWorker } from './worker-figures.ts';

const [runsWanted = '0', worker = '', folder = '', ...command] = process.argv.slice(2);
const warmUpRuns = 500;
const runs = Number(runsWanted);

const child = spawnWorker(worker, folder, { requests: 'pipe', messages: 'pipe' });
const [, , , requests, messages] = child.stdio;
if (!(requests instanceof Socket && messages instanceof Socket)) throw new Error('The worker has no pipes');
let from = { ms: 0, cpu: process.cpuUsage() };
let run = 0;

requests.write(`chain bench wait\ntask 0 command ${command.join(' ')}\nload\n`);
for await (const line of createInterface({ input: messages })) {
  if (!/^(?:ready|ended)\b/.test(line)) continue;
  if (run === warmUpRuns) from = { ms: performance.now(), cpu: process.cpuUsage() };
  if (run === warmUpRuns + runs) break;
  run += 1;
  requests.write(`run ${run} 0 ${run} 1 append\n`);
}
const used = process.cpuUsage(from.cpu);
const lengthMs = performance.now() - from.ms;
requests.end();
console.log(
  JSON.stringify({
    runsPerSecond: (runs * 1_000) / lengthMs,
    cpuMs: (used.user + used.system) / 1_000 / runs,
  }),
);
