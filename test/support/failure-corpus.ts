import { readdirSync, readFileSync } from 'node:fs';
import type { FailureSeen } from '../../src/core/failure-kind.ts';
import type { Outcome } from '../../src/core/outcome.ts';
import { toDurationMs } from '../../src/core/units.ts';

/** Failures that must be of one kind, and of another kind than those of every other group. */
export interface FailureGroup {
  /** What it proves. */
  readonly name: string;
  readonly failures: readonly FailureSeen[];
}

/** The folder of the project in all of them. */
export const corpusDirectory = '/srv/app';

/**
 * Reads `=== name` and its failures: `--- exited STATUS`, `--- killed SIGNAL`, `--- timed out MS` with the output
 * below, `--- not started REASON`, `--- interrupted REASON`, `--- threw CLASS` with message and stack below, and what
 * the run printed below `--- output`. `<ESC>` and `<CR>` stand for these characters.
 */
export function readFailures(folder: URL): readonly FailureGroup[] {
  return readdirSync(folder)
    .toSorted()
    .map((name) => readFileSync(new URL(name, folder), 'utf8'))
    .flatMap((text) => text.split(/^=== /m).slice(1))
    .map(readGroup);
}

function readGroup(text: string): FailureGroup {
  const [name = '', ...parts] = text.split(/^--- /m);
  const failures: FailureSeen[] = [];
  for (const part of parts) {
    const [heading = ''] = part.split('\n', 1);
    const body = part
      .slice(heading.length + 1)
      .replaceAll('<ESC>', '\u001b')
      .replaceAll('<CR>', '\r');
    const before = heading === 'output' ? failures.pop() : undefined;
    if (before === undefined) failures.push(readFailure(heading, body));
    else failures.push({ ...before, output: body });
  }
  return { name: name.trim(), failures };
}

function readFailure(heading: string, body: string): FailureSeen {
  const outcome = readOutcome(heading, body.trimEnd());
  return { outcome, output: outcome.kind === 'threw' ? '' : body, directory: corpusDirectory };
}

function readOutcome(heading: string, body: string): Outcome {
  const [kind = '', value = ''] = splitAt(
    heading,
    /^(?:exited|killed|threw|timed out|not started|interrupted)/,
  );
  switch (kind) {
    case 'exited':
      return { kind, exitCode: Number(value) };
    case 'killed':
      return { kind, signal: value };
    case 'timed out':
      return { kind, timeoutMs: toDurationMs(Number(value)) };
    case 'not started':
    case 'interrupted':
      return { kind, reason: value };
    case 'threw': {
      const [message = ''] = body.split(/\n {4}at /, 1);
      return { kind, error: { name: value, message, stack: `${value}: ${body}` } };
    }
    default:
      throw new Error(`Cannot read "${heading}" in the corpus of failures`);
  }
}

function splitAt(heading: string, pattern: RegExp): readonly string[] {
  const [kind = ''] = pattern.exec(heading) ?? [];
  return [kind, heading.slice(kind.length + 1)];
}
