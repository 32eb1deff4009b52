// node croner.mjs RUNS PEERS: a job of croner that is triggered again as soon as it has ended. Its schedule itself knows
// no less than a second. Prints the runs per second.
import { createRequire } from 'node:module';

const [runs, peers] = [Number(process.argv[2]), process.argv[3]];
const { Cron } = createRequire(peers)('croner');
let count = 0;
const job = new Cron('0 0 1 1 *', { paused: true, protect: true }, async () => {
  count += 1;
});
for (let run = 0; run < runs / 10; run += 1) await job.trigger();
count = 0;
const startedMs = performance.now();
for (let run = 0; run < runs; run += 1) await job.trigger();
const elapsedMs = performance.now() - startedMs;
job.stop();
if (count !== runs) throw new Error(`croner ran ${count} of ${runs}`);
console.log(JSON.stringify({ runsPerSecond: (runs * 1_000) / elapsedMs }));
