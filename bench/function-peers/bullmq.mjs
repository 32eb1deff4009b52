// node bullmq.mjs RUNS PEERS SOCKET: a worker of BullMQ, one job at a time, that adds the next job when one has ended.
// Prints the runs per second.
import { createRequire } from 'node:module';

const [runs, peers, socket] = [Number(process.argv[2]), process.argv[3], process.argv[4]];
const { Queue, Worker } = createRequire(peers)('bullmq');
const warmUpRuns = 500;
const connection = { path: socket, maxRetriesPerRequest: null };
// What has ended is kept for a while, as the runner keeps its history.
const kept = { removeOnComplete: { count: 1_000 }, removeOnFail: { count: 1_000 } };
const queue = new Queue('chain', { connection, defaultJobOptions: kept });
let count = 0;
let startedMs = 0;
const worker = new Worker(
  'chain',
  async () => {
    count += 1;
    if (count === warmUpRuns) startedMs = performance.now();
  },
  { connection, concurrency: 1 },
);
await new Promise((resolve, reject) => {
  worker.on('error', reject);
  worker.on('failed', (_, error) => reject(error));
  worker.on('completed', () => {
    if (count >= warmUpRuns + runs) resolve();
    else queue.add('tick', {}).catch(reject);
  });
  queue.add('tick', {}).catch(reject);
});
const elapsedMs = performance.now() - startedMs;
await worker.close();
await queue.close();
console.log(JSON.stringify({ runsPerSecond: (runs * 1_000) / elapsedMs }));
