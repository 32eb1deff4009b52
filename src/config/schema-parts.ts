import { z } from 'zod';
import { parseDuration } from '../core/duration.ts';
import type { DurationMs } from '../core/units.ts';
import { describeFound } from './describe-found.ts';
import { didYouMean, listOf } from './did-you-mean.ts';

// Each error says what was found and what to write; the checker adds where. The error of a key that is not
// known lists the keys that are, with blanks between them, because only here they are at hand.
/** The error of a value that is not what it should be. */
export function expecting(
  write: string,
  keys: readonly string[] = [],
): { error: (issue: z.core.$ZodRawIssue) => string } {
  return {
    error: (issue) =>
      issue.code === 'unrecognized_keys'
        ? keys.join(' ')
        : `found ${describeFound(issue.input)}, write ${write}`,
  };
}

/** An object that has no other keys than these. */
export function strict<Shape extends z.core.$ZodLooseShape>(
  shape: Shape,
  write: string,
): z.ZodObject<Shape, z.core.$strict> {
  return z.strictObject(shape, expecting(write, Object.keys(shape)));
}

/** A number within bounds. */
export function number(options: {
  readonly least: number;
  readonly most: number;
  readonly isWhole: boolean;
}): z.ZodNumber {
  const { least, most, isWhole } = options;
  const write = `a ${isWhole ? 'whole ' : ''}number from ${least} to ${most}`;
  const error = {
    error: ({ input }: z.core.$ZodRawIssue): string => {
      const isNumber = typeof input === 'string' && /^-?\d+(?:\.\d+)?$/.test(input);
      return `found ${describeFound(input)}, write ${write}${isNumber ? ', without quotes' : ''}`;
    },
  };
  const schema = z.number(error).min(least, error).max(most, error);
  return isWhole ? schema.int(error) : schema;
}

/** A text with something in it. */
export const text: z.ZodString = textOf('a text that is not empty');

/** The same, that says what to write. */
export function textOf(write: string): z.ZodString {
  return z.string(expecting(write)).min(1, expecting(write));
}

/** One of some words. */
export function choiceOf<const Word extends string>(
  words: readonly Word[],
): z.ZodEnum<{ [key in Word]: key }> {
  const quoted = words.map((word) => `"${word}"`);
  return z.enum(words, {
    error: ({ input }) => {
      const guess = typeof input === 'string' ? didYouMean(input, words) : '';
      return `found ${describeFound(input)}, write ${listOf(quoted).replace(' and ', ' or ')}${guess}`;
    },
  });
}

/** A text that is to be a duration. */
export const durationText: z.ZodString = z.string({
  error: ({ input }) => {
    const unit = typeof input === 'number' && Number.isFinite(input) && input >= 0 ? `${input}s` : '5m';
    return `found ${describeFound(input)}, write a text with a number and a unit such as "${unit}"`;
  },
});

/** A length of time. */
export const duration: z.ZodType<DurationMs, string> = durationText.transform((text, context): DurationMs => {
  const parsed = parseDuration(text);
  if (parsed.kind === 'duration') return parsed.durationMs;
  context.addIssue({ code: 'custom', message: parsed.problem });
  return z.NEVER;
});

/** A text that `schema` reads, or the word "none". */
export function orNone<Value>(
  schema: z.ZodType<Value, string>,
  write: string,
): z.ZodType<Value | 'none', string> {
  return z.string(expecting(write)).transform((written, context): Value | 'none' => {
    if (written === 'none') return 'none';
    const parsed = schema.safeParse(written);
    if (parsed.success) return parsed.data;
    // Whoever writes "daily" or "unlimited" did not mean a number.
    const wrong = /\d/.test(written) ? parsed.error.issues[0]?.message : undefined;
    context.addIssue({ code: 'custom', message: wrong ?? `found ${describeFound(written)}, write ${write}` });
    return z.NEVER;
  });
}
