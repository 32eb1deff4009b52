import { quoted } from '../core/quoted.ts';

/** A line of an environment file that cannot be read. */
interface EnvFileProblem {
  readonly line: number;
  readonly problem: string;
}

/** What an environment file gives. */
export interface EnvFile {
  readonly values: ReadonlyMap<string, { readonly value: string; readonly line: number }>;
  readonly problems: readonly EnvFileProblem[];
}

/**
 * Reads lines `KEY=value`, `export KEY=value`, `KEY="a b"` and `KEY='a b'`, empty lines and `# comments`.
 * Between double quotes `\n`, `\t`, `\"`, `\\` and `\$` are escapes; nothing is expanded. A value without
 * quotes ends before a blank and a `#`. A quoted value stays on its line. Of a key given twice the last counts.
 */
export function readEnvFile(text: string): EnvFile {
  const values = new Map<string, { value: string; line: number }>();
  const problems: EnvFileProblem[] = [];
  for (const [index, raw] of text
    .replace(/^\uFEFF/, '')
    .split(/\r?\n/)
    .entries()) {
    const line = index + 1;
    const content = raw.trim();
    if (content === '' || content.startsWith('#')) continue;
    const found = readLine(content);
    if (typeof found === 'string') problems.push({ line, problem: found });
    else values.set(found.key, { value: found.value, line });
  }
  return { values, problems };
}

/** Whether `text` can be the name of an environment variable that every shell can read. */
export function isVariableName(text: string): boolean {
  return /^[A-Za-z_][A-Za-z0-9_]*$/.test(text);
}

// Without patterns that look at blanks again and again: a file may be long, and mean harm.
function readLine(content: string): { key: string; value: string } | string {
  const at = content.indexOf('=');
  if (at === -1) return `found ${quoted(content)}, write a line such as "KEY=value"`;
  const key = content
    .slice(0, at)
    .trim()
    .replace(/^export\s+/, '');
  const rest = content.slice(at + 1).trim();
  if (!isVariableName(key)) {
    return `found ${quoted(key)} before the "=", write a name of letters, digits and "_"`;
  }
  if (rest.includes('\0')) return `found a NUL character in the value of ${quoted(key)}, leave it out`;
  const value = readValue(rest);
  return value === null
    ? `found no end of the quoted value of ${quoted(key)}, write the closing quote`
    : { key, value };
}

function readValue(rest: string): string | null {
  const single = /^'(?<value>[^']*)'\s*(?:#.*)?$/.exec(rest)?.groups?.['value'];
  if (single !== undefined) return single;
  const double = /^"(?<value>(?:[^"\\]|\\.)*)"\s*(?:#.*)?$/.exec(rest)?.groups?.['value'];
  if (double !== undefined) return double.replace(/\\(?<escaped>["\\$nt])/g, unescape);
  return /^['"]/.test(rest) ? null : withoutComment(rest);
}

function withoutComment(text: string): string {
  for (let at = text.indexOf('#'); at !== -1; at = text.indexOf('#', at + 1)) {
    if (at === 0 || /\s/.test(text.charAt(at - 1))) return text.slice(0, at).trimEnd();
  }
  return text;
}

function unescape(_whole: string, escaped: string): string {
  if (escaped === 'n') return '\n';
  return escaped === 't' ? '\t' : escaped;
}
