import type { DurationMs } from './units.ts';

/** How a run ended, as its worker saw it, before the chain says what it means. */
export type Ending =
  | { readonly kind: 'succeeded' }
  /** The program ended by itself with a status from 1 to 255. */
  | { readonly kind: 'exited'; readonly exitCode: number }
  /** A signal ended the program; `signal` is its name, such as `SIGKILL`. */
  | { readonly kind: 'killed'; readonly signal: string }
  /** The function threw, or its promise was rejected. */
  | { readonly kind: 'threw'; readonly error: TaskError }
  /** Nothing of the run ever ran. */
  | { readonly kind: 'not started'; readonly reason: string }
  /** The run began and its result is not known: its worker, its runner or its host died. */
  | { readonly kind: 'interrupted'; readonly reason: string };

/** How a run ended. */
export type Outcome =
  | Ending
  /** It was cancelled because it took longer than its timeout. */
  | { readonly kind: 'timed out'; readonly timeoutMs: DurationMs }
  /** It was cancelled because the chain was asked to stop. */
  | { readonly kind: 'stopped' }
  /** It was intended and then not wanted any more, or its runner died before it could start. */
  | { readonly kind: 'withdrawn'; readonly reason: string };

/** What is kept of an error that a function threw. */
export interface TaskError {
  /** The error's class, such as `TypeError`. */
  readonly name: string;
  readonly message: string;
  /** The stack as Node prints it, or an empty text for a value that is not an Error. */
  readonly stack: string;
}

const briefLength = 200;

/** The same outcome without the stack of an error, and with one line of its message: what people ask for first. */
export function inBrief(outcome: Outcome): Outcome {
  if (outcome.kind !== 'threw') return outcome;
  const [line = ''] = outcome.error.message.split('\n');
  return {
    kind: 'threw',
    error: { name: outcome.error.name, message: line.slice(0, briefLength), stack: '' },
  };
}

/** Whether an outcome counts: for the streak of failures, for the cooldown, for what comes next. */
export type Verdict = 'success' | 'failure' | 'no verdict';

/** `no verdict` for a run that nobody let finish: its task is run again. */
export function verdictOf(outcome: Outcome): Verdict {
  switch (outcome.kind) {
    case 'succeeded':
      return 'success';
    case 'exited':
    case 'killed':
    case 'threw':
    case 'not started':
    case 'interrupted':
    case 'timed out':
      return 'failure';
    case 'stopped':
    case 'withdrawn':
      return 'no verdict';
  }
}
