import type { OnFailure } from '../core/definition.ts';

/** What a task gets to know about the run it is in. */
export interface TaskContext {
  /** Aborted when the run's time is up or the chain is stopped: hand it on to whatever waits. */
  readonly signal: AbortSignal;
  /** Counts the runs of the chain, from 1. */
  readonly run: number;
  /** Counts the trips through the chain, from 1. */
  readonly pass: number;
  readonly chain: string;
  readonly task: string;
  /** Grows with each grant of the chain's lease: store it beside what you write, and refuse smaller ones. */
  readonly fence: number;
  /** Writes a line to the chain's log. */
  readonly log: (message: string) => void;
}

/** A task: a function, sync or async. It succeeds when it returns or resolves, and fails when it throws or rejects. */
export type TaskFunction = (context: TaskContext) => unknown;

/** The wait after a failed run that grows with each failure in a row. Times are texts such as "30s". */
export interface BackOffOptions {
  /** The wait after the first failure. Default "1s". */
  readonly first?: string | undefined;
  /** By how much the wait grows with each further failure, from 1. Default 2. */
  readonly factor?: number | undefined;
  /** The longest wait. Default "5m". */
  readonly max?: string | undefined;
  /** The share of the wait that chance may take off, 0 to 1. Default 0.2. */
  readonly jitter?: number | undefined;
}

/** The wait after a run, counted from its end. Times are texts such as "30s"; "0s" is back to back. */
export interface CooldownOptions {
  /** After a success. Default "1s". */
  readonly success?: string | undefined;
  /** After a failure: a fixed time or a back-off. Default a back-off from "1s" to "5m". */
  readonly failure?: string | BackOffOptions | undefined;
}

/** What may stand beside a function, and for a task or a chain in the configuration, which is stronger. */
export interface TaskOptions {
  /** A text such as "5m" is the wait after a success. */
  readonly cooldown?: string | CooldownOptions | undefined;
  /** The longest a run may take, such as "10m". Default "none". */
  readonly timeout?: string | undefined;
  /** What follows a failed run and its cooldown. Default "continue". */
  readonly onFailure?: OnFailure | undefined;
}

/** An export found by its name and what stands beside it, not yet checked; or why it cannot be a task. */
export type FoundFunction =
  | { readonly kind: 'function'; readonly call: TaskFunction; readonly options: unknown }
  | { readonly kind: 'no export'; readonly exported: readonly string[] }
  | { readonly kind: 'not a function'; readonly found: string };

// Symbol.for is one symbol for all copies of this library that a process may have loaded.
const optionsKey = Symbol.for('yourlabs-runner.task');

/**
 * Puts options beside a function: `export const sendMail = task({ cooldown: '15m' }, async () => { ... })`.
 * The options are checked when the function is loaded as a task, not here.
 * @throws TypeError when `run` is not a function.
 */
export function task(options: TaskOptions, run: TaskFunction): TaskFunction {
  if (typeof run !== 'function') {
    throw new TypeError(`Cannot make a task: found ${typeof run}, write task({ cooldown: "5m" }, function)`);
  }
  // A function of its own, so that one function can become two tasks with different options.
  const marked: TaskFunction = (context) => run(context);
  Object.defineProperty(marked, 'name', { value: run.name });
  Object.defineProperty(marked, optionsKey, { value: options });
  return marked;
}

/** Looks an export up in an imported module, ES module or CommonJS. */
export function taskFunction(moduleNamespace: object, exportName: string): FoundFunction {
  const exports = exportsOf(moduleNamespace);
  if (!exports.has(exportName)) return { kind: 'no export', exported: [...exports.keys()] };
  const found = exports.get(exportName);
  if (!isTaskFunction(found)) return { kind: 'not a function', found: typeNameOf(found) };
  const options: unknown = Reflect.get(found, optionsKey);
  return { kind: 'function', call: found, options };
}

/** The names come from the module itself, and then from what a CommonJS module gave as `module.exports`. */
function exportsOf(moduleNamespace: object): Map<string, unknown> {
  const exports = new Map<string, unknown>();
  const given: unknown = Reflect.get(moduleNamespace, 'default');
  const places = isObjectOrFunction(given) ? [moduleNamespace, given] : [moduleNamespace];
  for (const place of places) {
    for (const name of Object.keys(place)) {
      const value: unknown = Reflect.get(place, name);
      if (!exports.has(name)) exports.set(name, value);
    }
  }
  // Newer versions of Node add it to the namespace of a CommonJS module; it is not one of its exports.
  exports.delete('module.exports');
  return exports;
}

function isObjectOrFunction(value: unknown): value is object {
  return (typeof value === 'object' && value !== null) || typeof value === 'function';
}

function isTaskFunction(value: unknown): value is TaskFunction {
  return typeof value === 'function' && !/^class\b/.test(Function.prototype.toString.call(value));
}

function typeNameOf(value: unknown): string {
  if (value === null) return 'null';
  if (value === undefined) return 'undefined';
  if (typeof value === 'function') return 'a class';
  if (Array.isArray(value)) return 'a list';
  return typeof value === 'object' ? 'an object' : `a ${typeof value}`;
}
