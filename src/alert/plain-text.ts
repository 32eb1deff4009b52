import type { Message } from './message.ts';

/** A message as plain text, for a mail and for whoever reads one in a terminal. */
export function plainText(message: Message): string {
  const { title, facts, example, commands, remarks } = message;
  const width = Math.max(0, ...facts.map(({ name }) => name.length)) + 2;
  const parts = [
    title,
    facts.map(({ name, text }) => `${`${name}:`.padEnd(width)}${text}`).join('\n'),
    ...(example === null ? [] : [`What it printed last:\n\n${indented(example)}`]),
    ...(commands.length === 0 ? [] : [`What to do now, ${whereText(message)}:\n\n${commandLines(message)}`]),
    ...remarks,
    signature(message),
  ];
  return `${parts.filter((part) => part !== '').join('\n\n')}\n`;
}

/** Where commands are to be typed. */
export function whereText({ host, directory }: Message): string {
  return `on ${host} in ${directory}`;
}

function commandLines({ commands }: Message): string {
  const width = Math.max(...commands.map(({ line }) => line.length)) + 2;
  return commands.map(({ line, why }) => `    ${line.padEnd(width)}${why}`).join('\n');
}

function indented(text: string): string {
  return text
    .split('\n')
    .map((line) => `    ${line}`)
    .join('\n');
}

// What follows "-- " is not quoted by mail programs.
function signature({ host, directory }: Message): string {
  return `-- \nrunner on ${host}, ${directory}`;
}
