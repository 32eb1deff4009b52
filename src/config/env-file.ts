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

function readLine(content: string): { key: string; value: string } | string {
  const groups = /^(?:export\s+)?(?<key>[^=]*?)\s*=\s*(?<rest>.*)$/.exec(content)?.groups;
  if (groups === undefined)
    return `found ${JSON.stringify(content.slice(0, 40))}, write a line such as "KEY=value"`;
  const { key = '', rest = '' } = groups;
  if (!isVariableName(key)) {
    return `found ${JSON.stringify(key)} before the "=", write a name of letters, digits and "_"`;
  }
  if (rest.includes('\0')) return `found a NUL character in the value of "${key}", leave it out`;
  const value = readValue(rest);
  return value === null
    ? `found no end of the quoted value of "${key}", write the closing quote`
    : { key, value };
}

function readValue(rest: string): string | null {
  const single = /^'(?<value>[^']*)'\s*(?:#.*)?$/.exec(rest)?.groups?.['value'];
  if (single !== undefined) return single;
  const double = /^"(?<value>(?:[^"\\]|\\.)*)"\s*(?:#.*)?$/.exec(rest)?.groups?.['value'];
  if (double !== undefined) return double.replace(/\\(?<escaped>["\\$nt])/g, unescape);
  return /^['"]/.test(rest) ? null : rest.replace(/(?:^|\s+)#.*$/, '');
}

function unescape(_whole: string, escaped: string): string {
  if (escaped === 'n') return '\n';
  return escaped === 't' ? '\t' : escaped;
}
