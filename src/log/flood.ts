import { spawn } from 'node:child_process';

/** How often a log is looked at while it may grow. */
const lookMs = 250;

/**
 * Keeps one run from filling the disk. A log that grows to more than twice its limit during a run, when it cannot
 * be set aside, gets a hole punched into its middle: its first and its last part stay, what lies between takes no
 * room any more and reads as zeros. What it returns ends the watch.
 * @param look the log's path and its present size
 */
export function watchFlood(
  look: () => { readonly path: string; readonly size: number },
  limitBytes: number,
): () => void {
  const headBytes = Math.ceil(limitBytes / 2);
  let punchedTo = 0;
  const timer = setInterval(() => {
    const { path, size } = look();
    if (size < punchedTo) punchedTo = 0;
    const to = size - limitBytes;
    const from = Math.max(headBytes, punchedTo);
    if (size <= 2 * limitBytes || to - from < headBytes) return;
    punchedTo = to;
    punchHole(path, from, to);
  }, lookMs);
  timer.unref();
  return () => clearInterval(timer);
}

// Where the file system cannot do it the log just grows, as it would without a limit.
function punchHole(path: string, from: number, to: number): void {
  const args = ['--punch-hole', '--offset', String(from), '--length', String(to - from), path];
  spawn('fallocate', args, { stdio: 'ignore' }).on('error', () => undefined);
}
