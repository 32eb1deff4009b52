import type { Message } from './message.ts';
import { whereText } from './plain-text.ts';

// Mail programs leave out sheets of styles and all that is loaded from elsewhere, so there is neither.
const bodyStyle = 'font-family:sans-serif;font-size:14px;line-height:1.5;color:#222;max-width:44em';
const codeStyle =
  'font-family:monospace;font-size:13px;background:#f4f4f4;padding:8px;white-space:pre-wrap;overflow-wrap:anywhere';
const nameStyle = 'text-align:left;vertical-align:top;padding:1px 12px 1px 0;color:#666;font-weight:normal';
const colours = { warning: '#9a6700', error: '#b42318', critical: '#7a0b0b' };

/** A message as HTML: whatever a task has printed is text in it, and nothing else. */
export function htmlText(message: Message): string {
  const { title, facts, example, commands, remarks, severity, data } = message;
  const isGood = data.kind === 'notice' && /(?:healed|over|again|unblocked|ended)$/.test(data.notice.kind);
  const colour = isGood ? '#1a7f37' : colours[severity];
  const rows = facts.map(
    ({ name, text }) => `<tr><th style="${nameStyle}">${escaped(name)}</th><td>${escaped(text)}</td></tr>`,
  );
  const todo = commands.map(({ line, why }) => `<li><code>${escaped(line)}</code> ${escaped(why)}</li>`);
  return [
    '<!doctype html><html><head><meta charset="utf-8">',
    `<title>${escaped(title)}</title></head><body style="${bodyStyle}">`,
    `<p style="font-size:17px;border-left:4px solid ${colour};padding-left:10px">${escaped(title)}</p>`,
    `<table style="border-collapse:collapse">${rows.join('\n')}</table>`,
    example === null ? '' : `<p>What it printed last:</p><pre style="${codeStyle}">${escaped(example)}</pre>`,
    todo.length === 0
      ? ''
      : `<p>What to do now, ${escaped(whereText(message))}:</p><ul>${todo.join('\n')}</ul>`,
    ...remarks.map((remark) => `<p><strong>${escaped(remark)}</strong></p>`),
    '</body></html>',
  ]
    .filter((part) => part !== '')
    .join('\n');
}

function escaped(text: string): string {
  return text
    .replaceAll('&', '&amp;')
    .replaceAll('<', '&lt;')
    .replaceAll('>', '&gt;')
    .replaceAll('"', '&quot;')
    .replaceAll("'", '&#39;');
}
