// node asked-program.js RUNS PROGRAM [ARG...]: writes a line to a program and waits for its answer, a line, again and again.
// Prints the answers per second.
import { spawn } from 'node:child_process';
import { createInterface } from 'node:readline';

const [runsWanted = '0', program = '', ...args] = process.argv.slice(2);
const warmUpRuns = 500;
const runs = Number(runsWanted);

const child = spawn(program, args, { stdio: ['pipe', 'pipe', 'inherit'] });
let fromMs = 0;
let run = 0;
child.stdin.write('run\n');
for await (const _ of createInterface({ input: child.stdout })) {
  run += 1;
  if (run === warmUpRuns) fromMs = performance.now();
  if (run === warmUpRuns + runs) break;
  child.stdin.write('run\n');
}
const lengthMs = performance.now() - fromMs;
child.stdin.end();
console.log(JSON.stringify({ runsPerSecond: (runs * 1_000) / lengthMs }));
