import { inspect } from 'node:util';
import { fileURLToPath } from 'node:url';

/** An error of the user's code as people read it: one line, and the place in their code if it is known. */
export interface UserError {
  readonly message: string;
  /** `/srv/app/tasks.ts:3:9`, the first frame below the project root; `null` when there is none. */
  readonly at: string | null;
}

const longestMessage = 300;

/**
 * Describes whatever user code threw, without the stack trace. Never throws, whatever was thrown.
 * @param directory the project root: frames outside of it and below a node_modules are not the user's.
 */
export function describeUserError(error: unknown, directory: string): UserError {
  try {
    if (!isErrorLike(error)) return { message: oneLine(`threw ${inspect(error, { depth: 1 })}`), at: null };
    return { message: messageOf(error), at: placeOf(error, directory) };
  } catch (failure) {
    return { message: `threw something that cannot be shown (${typeof failure})`, at: null };
  }
}

interface ErrorLike {
  readonly name: unknown;
  readonly message: string;
  readonly stack: string;
}

/** Errors of another realm, as from `node:vm`, are not instances of our `Error`. */
function isErrorLike(error: unknown): error is ErrorLike {
  return (
    typeof error === 'object' &&
    error !== null &&
    'message' in error &&
    typeof error.message === 'string' &&
    'stack' in error &&
    typeof error.stack === 'string'
  );
}

function messageOf({ name, message }: ErrorLike): string {
  // jiti's errors of syntax name themselves in the message and add the place on a second line.
  const isNamed = typeof name !== 'string' || name === 'Error' || message.startsWith('ParseError');
  const text = message.replace(/^ParseError: /, 'SyntaxError: ').replace(/\n\s*\S+:\d+:\d+\s*$/, '');
  const [firstLine = ''] = text.trim().split('\n');
  return oneLine(isNamed ? firstLine || 'Error' : `${name}: ${firstLine}`);
}

function placeOf({ message, stack }: ErrorLike, directory: string): string | null {
  // jiti's parser counts columns from 0, all others from 1.
  const [, place, line, column] = /\n\s*(\/.*?):(\d+):(\d+)\s*$/.exec(message) ?? [];
  if (message.startsWith('ParseError') && place !== undefined)
    return `${place}:${line}:${Number(column) + 1}`;
  const frames = stack.split('\n').map((frame) => placeIn(frame.trim()));
  return frames.find((frame) => frame !== null && isOfUser(frame, directory)) ?? null;
}

/** The path and place in a line of a stack: `at send (file:///srv/app/tasks.ts:3:9)`, `/srv/app/tasks.ts:3`. */
function placeIn(frame: string): string | null {
  const [, file, place] = /((?:file:\/\/)?\/[^()]*?)(:\d+(?::\d+)?)\)?$/.exec(frame) ?? [];
  if (file === undefined || place === undefined) return null;
  return `${file.startsWith('file://') ? fileURLToPath(file.replace(/\?.*$/, '')) : file}${place}`;
}

function isOfUser(path: string, directory: string): boolean {
  return path.startsWith(`${directory}/`) && !path.includes('/node_modules/');
}

function oneLine(text: string): string {
  const line = text.replace(/\s+/g, ' ').trim();
  return line.length > longestMessage ? `${line.slice(0, longestMessage)}…` : line;
}
