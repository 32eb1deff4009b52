import { spawn } from 'node:child_process';
import { fileURLToPath } from 'node:url';

/** The root of the repository. */
export const root = fileURLToPath(new URL('..', import.meta.url));

/**
 * Runs a program to its end; resolves to its exit code (1 when a signal ended it), its standard output
 * alone, both outputs in the order they came, and the seconds it took.
 * @param options `cwd` (the root), `env` (added to ours; `undefined` takes a variable away), `isShown`
 *   (false: print while it runs).
 */
export function run(program, args, { cwd = root, env = {}, isShown = false } = {}) {
  const startedMs = performance.now();
  return new Promise((resolve) => {
    const child = spawn(program, args, {
      cwd,
      // `npm run --silent` would silence the errors of every npm started here.
      env: { ...process.env, npm_config_loglevel: 'error', ...env },
      stdio: ['ignore', 'pipe', 'pipe'],
    });
    const ended = (exitCode) =>
      resolve({ exitCode, stdout, output, seconds: (performance.now() - startedMs) / 1000 });
    let stdout = '';
    let output = '';
    const take = (text) => {
      output += text;
      if (isShown) process.stdout.write(text);
    };
    child.stdout.setEncoding('utf8').on('data', (text) => {
      stdout += text;
      take(text);
    });
    child.stderr.setEncoding('utf8').on('data', take);
    child.on('error', (error) => {
      output += `Cannot start ${program}: ${error.message}\n`;
      ended(127);
    });
    child.on('close', (exitCode) => ended(exitCode ?? 1));
  });
}

/** The path of a development tool that npm installed here. */
export function tool(name) {
  return `${root}node_modules/.bin/${name}`;
}

/** Reads "N passed, N failed" from a program's output; `null` when it printed none. */
export function totalsOf(output) {
  const found = [...output.matchAll(/^(\d+) passed, (\d+) failed$/gm)].at(-1);
  return found === undefined ? null : { passed: Number(found[1]), failed: Number(found[2]) };
}

/** One line for a step that passed; the whole output, too, of one that failed. */
export function report(name, result) {
  const isGood = result.exitCode === 0;
  const totals = totalsOf(result.output);
  const counted = totals === null ? '' : `  ${totals.passed} passed, ${totals.failed} failed`;
  console.log(
    `${isGood ? 'ok    ' : 'FAILED'} ${name.padEnd(16)} ${result.seconds.toFixed(1).padStart(6)} s${counted}`,
  );
  if (!isGood) console.log(result.output.trimEnd());
}
