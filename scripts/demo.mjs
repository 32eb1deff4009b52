// npm run demo: a mail queue, a mail server and a chain that runs between them for some 40 seconds, with a
// failure and a recovery; then it counts that no mail was lost and none came twice, and ends with 1 otherwise.
// On a fresh clone there are no packages yet, so that only Node's own modules are imported here.
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtemp, readdir, readFile, rm, stat } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as after } from 'node:timers/promises';
import { root, tool } from './command.mjs';

const mailExample = join(root, 'examples', 'mail');
const arrivals = { first: 9, more: 4, times: 4, everyMs: 6_000 };
const shownMs = { least: 36_000, most: 90_000 };

// Each program gets a process group of its own: Ctrl-C reaches this script alone, which then stops them all.
const started = new Set();
const stop = new AbortController();
for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP']) process.on(signal, stopAll);

const folder = await mkdtemp(join(tmpdir(), 'runner-demo-'));
try {
  process.exitCode = await demo();
} catch (error) {
  process.exitCode = stop.signal.aborted ? 130 : 1;
  if (!stop.signal.aborted) console.error(error.message);
} finally {
  stopAll();
  await Promise.all([...started].map(({ ended }) => ended));
  await rm(folder, { recursive: true, force: true });
  if (process.exitCode === 130) console.log('\nStopped, with all that was started');
}

async function demo() {
  await install();
  await build();
  const environment = { MAIL_FOLDER: folder, RUNNER_STATE_DIR: join(folder, 'state') };
  stage(
    'A mail server starts, on this machine only. Now and then it defers a mail, is too busy, or hangs up.',
  );
  const smtpUrl = await startServer({ ...environment, SMTP_PORT: '0' });
  stage(`Mails are put into a queue: ${arrivals.first} now, more while the chain runs.`);
  await writeMails(arrivals.first, environment);
  stage(
    'The chain runs. What tasks write comes after "│". Failures are part of the show; so are recoveries.',
  );
  console.log('\n  $ cd examples/mail; runner run mail\n');
  await showChain({ ...environment, SMTP_URL: smtpUrl });
  return summarise(environment);
}

async function install() {
  if (await isInstalled()) {
    stage('The packages are there.');
    return;
  }
  stage('The packages are installed by "npm ci --ignore-scripts", which takes a while.');
  await finish(start('npm', ['ci', '--ignore-scripts', '--include=dev', '--no-audit', '--no-fund']));
}

/** Whether what npm has installed is what the lockfile asks for; packages for other platforms may be absent. */
async function isInstalled() {
  const [wanted, there] = await Promise.all([
    packagesIn('package-lock.json'),
    packagesIn('node_modules/.package-lock.json'),
  ]);
  return Object.entries(wanted).every(
    ([path, { version, optional }]) =>
      path === '' || (there[path]?.version ?? (optional && version)) === version,
  );
}

async function packagesIn(lockfile) {
  try {
    return JSON.parse(await readFile(join(root, lockfile), 'utf8')).packages;
  } catch (error) {
    if (error.code === 'ENOENT') return {};
    throw error;
  }
}

async function build() {
  const names = await readdir(join(root, 'src'), { recursive: true });
  const sources = ['package.json', 'rolldown.config.mjs', ...names.map((name) => join('src', name))];
  const changed = Math.max(...(await Promise.all(sources.map(changedAt))));
  if ((await changedAt('dist/runner.cjs')) > changed) {
    stage('The program is built.');
    return;
  }
  stage('The program is built by "npm run build".');
  await finish(start(process.execPath, ['scripts/build.mjs']));
}

async function changedAt(file) {
  try {
    return (await stat(join(root, file))).mtimeMs;
  } catch (error) {
    if (error.code === 'ENOENT') return 0;
    throw error;
  }
}

/** Resolves to the server's address once it listens. */
async function startServer(environment) {
  const server = startScript(['server.ts'], environment);
  const [line] = await Promise.race([
    once(server.child.stdout, 'data'),
    finish(server).then(() => Promise.reject(new Error('The mail server has ended'))),
  ]);
  return String(line).trim();
}

async function writeMails(count, environment) {
  await finish(startScript(['write-mails.ts', String(count)], environment));
}

/** Runs the chain until all mails are out; then ends it as Ctrl-C would. */
async function showChain(environment) {
  const runner = start(process.execPath, [join(root, 'dist', 'runner.cjs'), 'run', 'mail'], {
    environment,
    cwd: mailExample,
    isShown: true,
  });
  const beganMs = performance.now();
  await Promise.race([
    arrive(environment).then(() => untilAllAreOut(environment, beganMs)),
    finish(runner).then(() => Promise.reject(new Error('The chain has ended too early'))),
  ]);
  console.log('\n  ^C, as you would press it\n');
  runner.child.kill('SIGINT');
  await finish(runner);
}

async function arrive(environment) {
  for (let time = 0; time < arrivals.times; time += 1) {
    await after(arrivals.everyMs, undefined, { signal: stop.signal });
    console.log(`  + ${arrivals.more} more mails come in`);
    await writeMails(arrivals.more, environment);
  }
}

async function untilAllAreOut(environment, beganMs) {
  const leastMs = shownMs.least - (performance.now() - beganMs);
  await after(Math.max(0, leastMs), undefined, { signal: stop.signal });
  while (performance.now() - beganMs < shownMs.most) {
    const { waiting } = JSON.parse(await finish(startScript(['summary.ts', '--json'], environment)));
    if (waiting === 0) return;
    await after(1_000, undefined, { signal: stop.signal });
  }
}

/** Prints the counts; answers the exit status. */
async function summarise(environment) {
  stage('The counts, of the mails at both ends and of the runs:');
  // It ends with 1 when the counts are wrong, and they are to be seen then, too.
  const { stdout } = await startScript(['summary.ts', '--json'], environment).ended;
  const summary = JSON.parse(stdout);
  const counts = Object.entries({ ...summary, ...(await countRuns(environment)) });
  console.log(`\n${counts.map(([what, count]) => `${String(count).padStart(6)}  ${what}`).join('\n')}\n`);
  const isGood = summary.waiting === 0 && summary.lost === 0 && summary['delivered twice'] === 0;
  console.log(isGood ? 'No mail was lost, and none came twice.' : 'That is wrong: please report it.');
  console.log(
    [
      '\nTry next:',
      '  node dist/runner.cjs run "sh: date" --cooldown 2s                        any command, for ever',
      '  cd examples/commands; node ../../dist/runner.cjs run health              a chain of shell commands',
      '  cd examples/commands; node ../../dist/runner.cjs history                 what it has done',
    ].join('\n'),
  );
  return isGood ? 0 : 1;
}

async function countRuns(environment) {
  const history = ['history', 'mail', '--json', '--limit', '10000'];
  const lines = await finish(
    start(process.execPath, [join(root, 'dist', 'runner.cjs'), ...history], { environment }),
  );
  const runs = lines
    .trim()
    .split('\n')
    .map((line) => JSON.parse(line));
  const failing = new Set();
  let recoveries = 0;
  for (const { task, outcome } of runs) {
    if (outcome === 'succeeded' && failing.delete(task)) recoveries += 1;
    if (outcome === 'threw') failing.add(task);
  }
  return {
    runs: runs.length,
    'runs that failed': runs.filter(({ outcome }) => outcome === 'threw').length,
    'recoveries of a task from its failures': recoveries,
  };
}

/** Starts a TypeScript file of the example, on any Node. */
function startScript(args, environment) {
  return start(process.execPath, [tool('jiti'), ...args], { environment, cwd: mailExample });
}

function start(program, args, { environment = {}, cwd = root, isShown = false } = {}) {
  const child = spawn(program, args, {
    cwd,
    // `npm run --silent` would silence the errors of an npm started here.
    env: { ...process.env, npm_config_loglevel: 'error', ...environment },
    stdio: ['ignore', ...(isShown ? ['inherit', 'inherit'] : ['pipe', 'pipe'])],
    detached: true,
  });
  let stdout = '';
  let output = '';
  child.stdout?.setEncoding('utf8').on('data', (text) => {
    stdout += text;
    output += text;
  });
  child.stderr?.setEncoding('utf8').on('data', (text) => (output += text));
  const ended = new Promise((resolve) => {
    child.on('error', (error) => resolve({ how: error.message, stdout, output }));
    child.on('close', (code, signal) => resolve({ how: code ?? signal, stdout, output }));
  });
  const one = { child, name: [program, ...args].join(' '), ended };
  started.add(one);
  void ended.then(() => started.delete(one));
  return one;
}

/** Resolves to what the program printed; rejects, with all that it said, when it fails. */
async function finish({ name, ended }) {
  const { how, stdout, output } = await ended;
  if (how !== 0) throw new Error(`"${name}" has failed: ${how}\n${output}`);
  return stdout;
}

function stopAll() {
  // The runner lets the run in progress end; asked again, it does not.
  signalAll('SIGTERM');
  stop.abort();
}

function signalAll(signal) {
  for (const { child } of started) {
    const isAlive = child.pid !== undefined && child.exitCode === null && child.signalCode === null;
    if (isAlive) process.kill(-child.pid, signal);
  }
}

function stage(text) {
  console.log(`\n${process.stdout.isTTY ? `\u001b[1m${text}\u001b[0m` : text}`);
}
