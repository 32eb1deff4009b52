// node pipe-round-trip.js TRIPS: sends a line to another Node process and waits for its answer, again and again.
// Prints the round trips per second.
import { spawn } from 'node:child_process';
import { fileURLToPath } from 'node:url';

const warmUpTrips = 1_000;
const [argument = ''] = process.argv.slice(2);

if (argument === 'answer') process.stdin.on('data', (chunk) => process.stdout.write(chunk));
else console.log(JSON.stringify({ runsPerSecond: await tripsPerSecond(Number(argument)) }));

async function tripsPerSecond(trips: number): Promise<number> {
  const child = spawn(process.execPath, [fileURLToPath(import.meta.url), 'answer'], {
    stdio: ['pipe', 'pipe', 'inherit'],
  });
  let arrived: () => void = () => undefined;
  child.stdout.on('data', () => arrived());
  async function trip(): Promise<void> {
    const answer = new Promise<void>((resolve) => {
      arrived = resolve;
    });
    child.stdin.write('run 123 0 45 1 task\n');
    await answer;
  }
  for (let count = 0; count < warmUpTrips; count += 1) await trip();
  const startedMs = performance.now();
  for (let count = 0; count < trips; count += 1) await trip();
  const elapsedMs = performance.now() - startedMs;
  child.stdin.end();
  return (trips * 1_000) / elapsedMs;
}
