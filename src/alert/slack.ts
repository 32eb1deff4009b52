import type { ChannelTarget } from '../core/channel.ts';
import { postJson } from './http-post.ts';
import type { Message } from './message.ts';
import { whereText } from './plain-text.ts';
import { readPlaced } from './secrets.ts';
import type { Sent } from './sending.ts';

// Slack refuses a message with a longer text in one block.
const longestSection = 2_900;

/** Posts a message in the shape of Slack's incoming webhooks, which Mattermost, Rocket.Chat and others take too. */
export function sendToSlack(
  { url }: Extract<ChannelTarget, { kind: 'slack' }>,
  message: Message,
  signal: AbortSignal,
): Promise<Sent> {
  return postJson({ url: readPlaced(url), body: slackBody(message), headers: {} }, signal);
}

/** The text is for notifications and for those who do not know blocks. */
export function slackBody(message: Message): string {
  const { title, facts, example, commands, remarks } = message;
  const factLines = facts.map(({ name, text }) => `*${escaped(name)}:* ${escaped(text)}`);
  const todo = commands.map(({ line, why }) => `\`${escaped(line)}\` ${escaped(why)}`);
  const sections = [
    `*${escaped(title)}*`,
    ...sectionsOf(factLines),
    ...(example === null ? [] : [`\`\`\`${endOf(escaped(example.replaceAll('```', "'''")))}\`\`\``]),
    ...sectionsOf(todo.length === 0 ? [] : [escaped(`What to do now, ${whereText(message)}:`), ...todo]),
    ...remarks.map(escaped),
  ];
  return JSON.stringify({
    text: escaped(`[runner] ${title}`),
    blocks: sections.map((text) => ({ type: 'section', text: { type: 'mrkdwn', text } })),
  });
}

function sectionsOf(lines: readonly string[]): readonly string[] {
  const sections: string[] = [];
  let section = '';
  for (const line of lines) {
    const longer = section === '' ? line : `${section}\n${line}`;
    if (longer.length > longestSection && section !== '') sections.push(section);
    section = longer.length > longestSection ? line.slice(0, longestSection) : longer;
  }
  return section === '' ? sections : [...sections, section];
}

// The last lines say most; a half of an escape would show as it is.
function endOf(text: string): string {
  return text.length <= longestSection ? text : text.slice(-longestSection).replace(/^[^\n]*\n/, '');
}

// These three are all that Slack reads as more than text, mentions such as <!channel> included.
function escaped(text: string): string {
  return text.replaceAll('&', '&amp;').replaceAll('<', '&lt;').replaceAll('>', '&gt;');
}
