import type { ChainDefinition } from './definition.ts';
import type { Here } from './cooldown.ts';
import type { Run } from './facts.ts';
import { kindOf } from './failure-kind.ts';
import type { FailureExample } from './incident.ts';
import { mask } from './mask.ts';
import { inBrief, type Outcome } from './outcome.ts';
import type { DurationMs } from './units.ts';

/** The longest text of an example, in characters. */
const textLimit = 8_192;

/** A failed run, and all that is known of its failure. */
interface SeenFailure {
  readonly run: Run;
  readonly outcome: Outcome;
  readonly here: Here;
  readonly durationMs: DurationMs | null;
  readonly definition: ChainDefinition;
  /** The end of what it printed. */
  readonly printed: string;
}

/** Environment variables with such a word in their name hold what nobody else is to read. */
const secretName = /pass|secret|token|key|credential|auth/i;

/** What is kept of a failure: its kind, and all that helps a person to understand it, without what looks like a secret. */
export function failureExample(seen: SeenFailure): FailureExample {
  const { run, outcome, here, durationMs, definition, printed } = seen;
  const secrets = secretsOf(definition);
  const kind = kindOf({ outcome, output: printed, directory: definition.directory });
  const text = outcome.kind === 'threw' ? outcome.error.stack || outcome.error.message : printed;
  return {
    run: run.number,
    kind: mask(kind.key, secrets),
    title: mask(kind.title, secrets),
    at: here.now.wall,
    outcome: maskedOutcome(inBrief(outcome), secrets),
    text: mask(text, secrets).slice(-textLimit),
    durationMs,
    codeVersion: definition.codeVersion,
  };
}

function secretsOf({ environment }: ChainDefinition): readonly string[] {
  return Object.entries(environment).flatMap(([name, value]) => (secretName.test(name) ? [value] : []));
}

function maskedOutcome(outcome: Outcome, secrets: readonly string[]): Outcome {
  if (outcome.kind !== 'threw') return outcome;
  const { error } = outcome;
  return { ...outcome, error: { ...error, message: mask(error.message, secrets) } };
}
