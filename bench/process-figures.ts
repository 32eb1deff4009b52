import { spawn, type ChildProcess } from 'node:child_process';
import { existsSync, readdirSync, readFileSync, statSync } from 'node:fs';

/** Longer takes nothing here, unless it hangs. */
const limitMs = 180_000;
/** How often a process that is being waited for is looked at. */
const lookMs = 5;

/** Starts a program whose output is thrown away. */
export function start(program: string, args: readonly string[], cwd: string): ChildProcess {
  const child = spawn(program, args, { cwd, stdio: ['pipe', 'ignore', 'inherit'] });
  const limit = setTimeout(() => child.kill('SIGKILL'), limitMs);
  child.on('close', () => clearTimeout(limit));
  return child;
}

/** Runs a program to its end; resolves to its seconds. @throws when it fails or does not end. */
export async function secondsOf(program: string, args: readonly string[], cwd: string): Promise<number> {
  const startedMs = performance.now();
  await endOf(start(program, args, cwd), [program, ...args].join(' '));
  return (performance.now() - startedMs) / 1_000;
}

/** Resolves when a program has ended well. @throws otherwise. */
export function endOf(child: ChildProcess, name: string): Promise<void> {
  return new Promise((resolve, reject) => {
    child.on('error', reject);
    child.on('exit', (exitCode, signal) => {
      if (exitCode === 0) resolve();
      else reject(new Error(`"${name}" ended with ${signal ?? exitCode}`));
    });
  });
}

/** Runs one of our own scripts that prints one JSON value; resolves to it. */
export function answerOf(program: string, args: readonly string[]): Promise<unknown> {
  return new Promise((resolve, reject) => {
    const child = spawn(program, args, { stdio: ['ignore', 'pipe', 'inherit'], timeout: limitMs });
    let text = '';
    child.stdout.setEncoding('utf8').on('data', (chunk: string) => {
      text += chunk;
    });
    child.on('error', reject);
    child.on('close', (exitCode) => {
      if (exitCode === 0) resolve(JSON.parse(text));
      else reject(new Error(`"${program} ${args.join(' ')}" ended with ${exitCode}`));
    });
  });
}

/** Resolves once `isTrue`. @throws after three minutes. */
export async function until(isTrue: () => boolean, what: string): Promise<void> {
  const startedMs = performance.now();
  while (!isTrue()) {
    if (performance.now() - startedMs > limitMs) throw new Error(`Waited in vain: ${what}`);
    await new Promise((resolve) => setTimeout(resolve, lookMs));
  }
}

/** Milliseconds that the threads of one process, not its children, have spent on a processor. */
export function processorMsOf(pid: number): number {
  return readdirSync(`/proc/${pid}/task`)
    .map((thread) => readFileSync(`/proc/${pid}/task/${thread}/schedstat`, 'utf8'))
    .reduce((sum, text) => sum + Number(text.split(' ')[0]) / 1e6, 0);
}

/** Proportional share of a process in the machine's memory, in MiB. */
export function memoryMiBOf(pid: number): number {
  const found = /^Pss:\s+(\d+) kB/m.exec(readFileSync(`/proc/${pid}/smaps_rollup`, 'utf8'));
  if (found === null) throw new Error(`Process ${pid} has no Pss in smaps_rollup`);
  return Number(found[1]) / 1_024;
}

/** The processes that a process has started and that live. */
export function childrenOf(pid: number): readonly number[] {
  return readdirSync(`/proc/${pid}/task`)
    .flatMap((thread) => readFileSync(`/proc/${pid}/task/${thread}/children`, 'utf8').split(' '))
    .filter((text) => text.trim() !== '')
    .map(Number);
}

/** The name of the program that a process runs, as the kernel has it; empty when it has ended. */
export function nameOf(pid: number): string {
  const path = `/proc/${pid}/comm`;
  return existsSync(path) ? readFileSync(path, 'utf8').trim() : '';
}

/** A variable of the environment with which a program was started; empty when it has none. */
export function environmentOf(pid: number, name: string): string {
  const words = readFileSync(`/proc/${pid}/environ`, 'utf8').split('\0');
  return words.find((word) => word.startsWith(`${name}=`))?.slice(name.length + 1) ?? '';
}

/** The size of a file; 0 when there is none. */
export function sizeOf(path: string): number {
  return statSync(path, { throwIfNoEntry: false })?.size ?? 0;
}
