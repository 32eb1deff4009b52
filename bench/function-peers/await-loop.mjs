// node await-loop.mjs RUNS: awaits an empty function again and again, in this process, and nothing else.
// Prints the runs per second.
async function nothing() {}

const runs = Number(process.argv[2]);
for (let run = 0; run < runs / 10; run += 1) await nothing();
const startedMs = performance.now();
for (let run = 0; run < runs; run += 1) await nothing();
console.log(JSON.stringify({ runsPerSecond: (runs * 1_000) / (performance.now() - startedMs) }));
