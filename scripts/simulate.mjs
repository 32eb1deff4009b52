// npm run simulate -- [--worlds N] [--from N] [--jobs N] [--json]: plays so many worlds in which everything goes wrong,
// on all cores, and reports what was reached. npm run simulate -- --seed N [--harms 3,9]: one of them, with its story.
// Exit status 1 when a promise is broken or something is never reached, 2 for an argument that makes no sense, 3 when the
// program leaves an error to nobody.
import { spawn } from 'node:child_process';
import { existsSync } from 'node:fs';
import { availableParallelism } from 'node:os';
import { fileURLToPath, pathToFileURL } from 'node:url';
import { root, run } from './command.mjs';

const usage = `Usage: npm run simulate -- [options]

Plays the runner, as it is, in worlds of virtual time in which everything goes wrong, and checks its promises after
every event. Then the world calms down, and the chain must go on.

  --worlds N     play so many worlds (default 20000)
  --from N       the seed of the first of them (default 1); the others follow one by one
  --jobs N       so many processes (default: one for each core)
  --seed N       play this world alone, and print its story
  --harms A,B    of its harms, do only those with these numbers; "none" for no harm
  --json         print the result as JSON
  --build        compile first, which "npm run simulate" does
  --help         print this

Exit status: 0 all promises kept; 1 one broken, or, in ${50_000} worlds or more, something never reached; 2 bad usage;
3 an error of the program that it leaves to nobody, which would end a real runner.`;

/** From so many worlds on, what was never reached is a fault: of the simulation, or of the names that it counts by. */
const enoughWorlds = 50_000;
const largest = 4_000_000_000;

const options = optionsOf(process.argv.slice(2));
if (options.isHelp) {
  console.log(usage);
  process.exit(0);
}
if (options.isBuild) {
  const { exitCode } = await run('node', ['scripts/build.mjs', 'tests'], { isShown: true });
  if (exitCode !== 0) process.exit(1);
}
if (!existsSync(`${root}build/test/simulation/simulate.js`)) {
  refuse('Cannot simulate: found no compiled simulation in build/, run "npm run simulate" or add "--build"');
}
const { simulate } = await built('simulate');
const { neverReached, sumOf } = await built('coverage');
const { Crashed } = await built('process');
// All worlds are one turn of the event loop, so that Node tells of this only when the last one is over.
process.on('unhandledRejection', (error) => {
  // Nobody is left to hear of what a runner had begun when it died.
  if (error instanceof Crashed) return;
  console.error(error);
  process.exit(3);
});
if (options.seed === null) await playMany();
else await playOne();

async function playOne() {
  const { playWorld } = await built('world');
  const { seed, harms } = options;
  const report = await playWorld(seed, { harms: harms === null ? null : new Set(harms), isTold: true });
  if (options.isJson) console.log(JSON.stringify({ seed, ...report }));
  else {
    for (const line of report.story) console.log(line);
    console.log(
      report.broken === null
        ? `\nWorld ${seed} keeps its promises.`
        : `\nBroken in world ${seed}: ${report.broken}`,
    );
    printTotals(report.broken === null);
  }
  process.exitCode = report.broken === null ? 0 : 1;
}

async function playMany() {
  const startedMs = performance.now();
  const { from, worlds } = options;
  const jobs = Math.min(options.jobs, worlds);
  const played = jobs === 1 ? [await simulate({ from, worlds })] : await inProcesses({ from, worlds, jobs });
  const coverage = played.map((one) => one.coverage).reduce(sumOf);
  const result = {
    from,
    worlds: sum(played, 'worlds'),
    runs: sum(played, 'runs'),
    seconds: (performance.now() - startedMs) / 1_000,
    cpuMs: sum(played, 'cpuMs'),
    coverage,
    neverReached: neverReached(coverage),
    violation: played.map(({ violation }) => violation).find((violation) => violation !== null) ?? null,
  };
  const isEnough = result.worlds >= enoughWorlds;
  const isGood = result.violation === null && (!isEnough || result.neverReached.length === 0);
  if (options.isJson) console.log(JSON.stringify(result));
  else print(result, isGood);
  process.exitCode = isGood ? 0 : 1;
}

function print({ coverage, violation, neverReached: never, ...result }, isGood) {
  for (const [table, names] of Object.entries(coverage)) printTable(table, Object.entries(names));
  const perWorld = (result.cpuMs / result.worlds).toFixed(2);
  console.log(
    `\n${result.worlds} worlds from seed ${result.from}, ${result.runs} runs, in ${result.seconds.toFixed(1)} s; ${perWorld} ms of processor time a world`,
  );
  const isEnough = result.worlds >= enoughWorlds;
  const words = isEnough ? 'never reached' : `not reached in so few worlds (a fault from ${enoughWorlds} on)`;
  if (violation === null && never.length > 0) for (const name of never) console.log(`${words}: ${name}`);
  if (violation !== null) printViolation(violation);
  printTotals(isGood);
}

function printTable(table, entries) {
  console.log(`\n${table}`);
  const width = Math.max(...entries.map(([name]) => name.length));
  for (const [name, count] of entries.toSorted((one, other) => other[1] - one[1]))
    console.log(`  ${name.padEnd(width)} ${String(count).padStart(10)}`);
}

function printViolation({ seed, promise, harms, harmsBefore, story }) {
  console.log(`\nBroken in world ${seed}: ${promise}`);
  console.log(`It takes ${harms.length} of the ${harmsBefore} harms that were done:\n`);
  for (const line of story) console.log(line);
  const chosen = harms.length === 0 ? 'none' : harms.join();
  console.log(`\nnpm run simulate -- --seed ${seed} --harms ${chosen}`);
}

function printTotals(isGood) {
  console.log(`\n${isGood ? 1 : 0} passed, ${isGood ? 0 : 1} failed`);
}

/** Shares the worlds out; the first process that finds a broken promise ends the others. */
async function inProcesses({ from, worlds, jobs }) {
  const share = Math.ceil(worlds / jobs);
  const children = new Set();
  const parts = Array.from({ length: Math.ceil(worlds / share) }, (_, index) => ({
    from: from + index * share,
    worlds: Math.min(share, worlds - index * share),
  }));
  const results = await Promise.all(parts.map((part) => inProcess(part, children)));
  return results.filter((result) => result !== null);
}

function inProcess(part, children) {
  const args = ['--jobs', '1', '--json', '--from', String(part.from), '--worlds', String(part.worlds)];
  const child = spawn(process.execPath, [fileURLToPath(import.meta.url), ...args], {
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  children.add(child);
  let output = '';
  child.stdout.setEncoding('utf8').on('data', (text) => (output += text));
  return new Promise((resolve, reject) => {
    child.on('error', reject);
    child.on('close', (exitCode, signal) => {
      children.delete(child);
      if (signal === 'SIGTERM' && output === '') return resolve(null);
      // In its share alone something may never be reached.
      if ((exitCode !== 0 && exitCode !== 1) || output === '')
        return reject(
          new Error(`The process that played worlds from seed ${part.from} on failed: ${signal ?? exitCode}`),
        );
      const result = JSON.parse(output);
      if (result.violation !== null) for (const other of children) other.kill('SIGTERM');
      return resolve(result);
    });
  });
}

function optionsOf(args) {
  const found = {
    worlds: 20_000,
    from: 1,
    jobs: availableParallelism(),
    seed: null,
    harms: null,
    isJson: false,
    isBuild: false,
    isHelp: false,
  };
  const rest = [...args];
  while (rest.length > 0) takeOption(found, rest.shift(), () => rest.shift());
  if (found.harms !== null && found.seed === null)
    refuse('Cannot choose harms: found "--harms" without "--seed", write the seed of their world');
  return found;
}

function takeOption(found, name, next) {
  switch (name) {
    case '--worlds':
    case '--from':
    case '--jobs':
    case '--seed':
      found[name.slice(2)] = numberOf(name, next());
      break;
    case '--harms':
      found.harms = harmsOf(next());
      break;
    case '--json':
      found.isJson = true;
      break;
    case '--build':
      found.isBuild = true;
      break;
    case '--help':
      found.isHelp = true;
      break;
    default:
      refuse(`Cannot simulate: found "${name}", write one of the options that "--help" prints`);
  }
}

function numberOf(name, text) {
  const number = Number(text);
  if (text !== undefined && /^\d+$/.test(text) && number >= 1 && number <= largest) return number;
  return refuse(`Cannot read "${name}": found ${quoted(text)}, write a whole number from 1 to ${largest}`);
}

function harmsOf(text) {
  if (text === 'none') return [];
  if (text !== undefined && /^\d+(,\d+)*$/.test(text)) return text.split(',').map(Number);
  return refuse(`Cannot read "--harms": found ${quoted(text)}, write numbers such as "3,9", or "none"`);
}

function quoted(text) {
  return text === undefined ? 'nothing' : `"${text}"`;
}

function refuse(message) {
  console.error(message);
  process.exit(2);
}

function sum(played, what) {
  return played.reduce((total, one) => total + one[what], 0);
}

function built(name) {
  return import(pathToFileURL(`${root}build/test/simulation/${name}.js`).href);
}
