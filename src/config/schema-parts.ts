import { z } from 'zod';
import { describeFound } from './describe-found.ts';

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
  const error = expecting(`a ${isWhole ? 'whole ' : ''}number from ${least} to ${most}`);
  const schema = z.number(error).min(least, error).max(most, error);
  return isWhole ? schema.int(error) : schema;
}

/** A text with something in it. */
export const text: z.ZodString = z.string(expecting('a text')).min(1, expecting('a text that is not empty'));
