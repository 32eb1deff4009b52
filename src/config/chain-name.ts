import type { ChainName } from '../core/definition.ts';
import { quoted } from '../core/quoted.ts';
import type { TaskText } from './task-text.ts';

const longestName = 64;
const longestRead = 1_000;

/** Whether `text` may be the name of a chain. */
export function isChainName(text: string): text is ChainName {
  return /^[A-Za-z0-9][A-Za-z0-9._-]{0,63}$/.test(text);
}

/** What is wrong with `text` as the name of a chain; only for texts that are none. */
export function explainBadName(text: string): string {
  if (text === '') return 'found an empty name, write letters and digits such as "mail"';
  if (text.length > longestName) {
    return `found a name of ${text.length} characters, write at most ${longestName}`;
  }
  const odd = /[^A-Za-z0-9._-]/u.exec(text)?.[0];
  const rule = 'write letters A-Z and a-z, digits, ".", "_" and "-", the first a letter or a digit';
  if (odd === undefined)
    return `found ${quoted(text)} with "${text.slice(0, 1)}" as its first character, ${rule}`;
  return `found ${quoted(text)} with ${nameOf(odd)} in it, ${rule}`;
}

/** The name of a chain that was typed without one: `sendMail_retryDeferred`. */
export function nameAfterTasks(texts: readonly TaskText[]): ChainName | null {
  const name = texts
    .map(nameAfterTask)
    .filter((part) => part !== '')
    .join('_')
    .slice(0, longestName)
    .replace(/[._-]+$/, '');
  return isChainName(name) ? name : null;
}

/** What people read as the name of a task: the function's name or the text of the command. */
export function taskNameOf(text: TaskText): string {
  switch (text.kind) {
    case 'function':
      return text.exportName;
    case 'command':
      return commandTextOf(text.argv);
    case 'word':
      return text.word;
    case 'problem':
      return '';
  }
}

function nameAfterTask(text: TaskText): string {
  if (text.kind !== 'command')
    return taskNameOf(text)
      .slice(0, longestRead)
      .replace(/[^A-Za-z0-9._-]+/g, '-');
  // What is longer than any name can only be cut off.
  const words = commandTextOf(text.argv).slice(0, longestRead).split(/\s+/);
  const [program = '', ...others] = words;
  const base = program.replace(/\/+$/, '').replace(/^.*\//, '');
  return [base, ...others]
    .join(' ')
    .replace(/[^A-Za-z0-9._]+/g, '-')
    .replace(/^[._-]+|[._-]+$/g, '');
}

function commandTextOf(argv: readonly string[]): string {
  const [program, flag, command, ...others] = argv;
  const isShell = program === '/bin/sh' && flag === '-c' && others.length === 0;
  return isShell && command !== undefined ? command : argv.join(' ');
}

function nameOf(character: string): string {
  const number = character.codePointAt(0) ?? 0;
  if (number > 0x20 && number < 0x7f) return quoted(character);
  if (number === 0x20) return 'a blank';
  return `the character U+${number.toString(16).toUpperCase().padStart(4, '0')}`;
}
