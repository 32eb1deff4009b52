// node bree.mjs RUNS PEERS: a job of Bree, a thread of its own for each run, started again when the last one is gone.
// Prints the runs per second.
import { createRequire } from 'node:module';
import { fileURLToPath } from 'node:url';

const [runs, peers] = [Number(process.argv[2]), process.argv[3]];
const warmUpRuns = 5;
const Bree = createRequire(peers)('bree');
const path = fileURLToPath(new URL('bree-job.mjs', import.meta.url));
const bree = new Bree({ root: false, logger: false, jobs: [{ name: 'tick', path }] });
// Each run adds one: a run that did nothing would not count.
const counter = new Int32Array(new SharedArrayBuffer(4));
bree.config.worker = { workerData: { counter } };
await bree.init();

for (let run = 0; run < warmUpRuns; run += 1) await once();
const startedMs = performance.now();
for (let run = 0; run < runs; run += 1) await once();
const elapsedMs = performance.now() - startedMs;
if (counter[0] !== runs + warmUpRuns) throw new Error(`Bree ran ${counter[0]} of ${runs + warmUpRuns}`);
console.log(JSON.stringify({ runsPerSecond: (runs * 1_000) / elapsedMs }));

function once() {
  const isOver = new Promise((resolve) => bree.once('worker deleted', resolve));
  return Promise.all([bree.run('tick'), isOver]);
}
