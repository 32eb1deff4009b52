// node graphile-worker.mjs RUNS PEERS SOCKET_FOLDER: a worker of graphile-worker, one job at a time, whose job adds the
// next one as its last act. Prints the runs per second.
import { createRequire } from 'node:module';

const [runs, peers, host] = [Number(process.argv[2]), process.argv[3], process.argv[4]];
const { run } = createRequire(peers)('graphile-worker');
const warmUpRuns = 100;
let count = 0;
let startedMs = 0;
let tellEnd = () => undefined;
const ended = new Promise((resolve) => {
  tellEnd = resolve;
});
const silent = { error: console.error, warn: () => undefined, info: () => undefined, debug: () => undefined };
const { Logger } = createRequire(peers)('graphile-worker');
const runner = await run({
  connectionString: `postgresql:///postgres?host=${encodeURIComponent(host)}&user=postgres`,
  concurrency: 1,
  noHandleSignals: true,
  logger: new Logger(() => (level, message) => silent[level]?.(message)),
  taskList: {
    async tick(_, { addJob }) {
      count += 1;
      if (count === warmUpRuns) startedMs = performance.now();
      if (count < warmUpRuns + runs) await addJob('tick', {});
      else tellEnd(performance.now() - startedMs);
    },
  },
});
await runner.addJob('tick', {});
const elapsedMs = await ended;
await runner.stop();
console.log(JSON.stringify({ runsPerSecond: (runs * 1_000) / elapsedMs }));
