import { quoted } from '../core/quoted.ts';

/** What the text of a task asks for. */
export type TaskText =
  | { readonly kind: 'command'; readonly argv: readonly string[] }
  /** An export of a module below the project root: `jobs.mail.send` is `send` of `['jobs', 'mail']`. */
  | { readonly kind: 'function'; readonly moduleParts: readonly string[]; readonly exportName: string }
  /** Neither: perhaps the name of a chain. */
  | { readonly kind: 'word'; readonly word: string }
  | { readonly kind: 'problem'; readonly problem: string };

// Words of these characters alone mean to a shell what they mean to execve; with a slash in the program
// there is no look-up on PATH and no shell builtin, and without "=" in it no assignment.
const plainWords = /^[\w.:/@%+,-]+(?:[ \t]+[\w.:/=@%+,-]+)*$/;
const functionName = /^[\p{L}_$][\p{L}\p{N}_$-]*(?:\.[\p{L}_$][\p{L}\p{N}_$-]*)+$/u;

/**
 * Reads the text of a task: `sh: ...`, a command (any text with a blank or a slash), `module.function`,
 * or a single word.
 */
export function readTaskText(text: string): TaskText {
  const trimmed = text.trim();
  if (trimmed === '') return { kind: 'problem', problem: 'found an empty text' };
  if (text.includes('\0')) return { kind: 'problem', problem: 'found a NUL character in it' };
  const forced = /^sh:(?<command>[^]*)$/.exec(trimmed)?.groups?.['command'];
  if (forced !== undefined) return readForcedCommand(forced.trim());
  if (/[\s/]/.test(trimmed)) return { kind: 'command', argv: argvOf(trimmed) };
  if (functionName.test(trimmed)) return readFunctionName(trimmed);
  if (/^[\w-]+$/.test(trimmed)) return { kind: 'word', word: trimmed };
  return { kind: 'problem', problem: `found ${quoted(trimmed)}` };
}

function readForcedCommand(command: string): TaskText {
  if (command === '') return { kind: 'problem', problem: 'found no command after "sh:"' };
  return { kind: 'command', argv: ['/bin/sh', '-c', command] };
}

/** A shell is left out where it would do nothing but start the program: that saves a process each run. */
function argvOf(command: string): string[] {
  const [program = '', ...words] = command.split(/[ \t]+/);
  const needsNoShell = plainWords.test(command) && program.includes('/') && !program.includes('=');
  return needsNoShell ? [program, ...words] : ['/bin/sh', '-c', command];
}

function readFunctionName(text: string): TaskText {
  const parts = text.split('.');
  return { kind: 'function', moduleParts: parts.slice(0, -1), exportName: parts.at(-1) ?? '' };
}
