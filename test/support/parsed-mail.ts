import { spawnSync } from 'node:child_process';

/** A mail as a mail program reads it. */
export interface ParsedMail {
  /** Decoded; a name that stands there several times has its texts in their order. */
  readonly headers: Readonly<Record<string, readonly string[]>>;
  readonly text: string;
  readonly html: string;
  /** What the parser complains about. */
  readonly defects: readonly string[];
}

// Python's parser is nobody's who writes mails here.
const script = `
import email, email.policy, json, sys
mail = email.message_from_bytes(sys.stdin.buffer.read(), policy=email.policy.default)
headers = {}
for name, value in mail.items():
    headers.setdefault(name.lower(), []).append(str(value))
def body(kind):
    part = mail.get_body(preferencelist=(kind,))
    return '' if part is None else part.get_content()
defects = [repr(one) for part in mail.walk() for one in part.defects]
print(json.dumps({'headers': headers, 'text': body('plain'), 'html': body('html'), 'defects': defects}))
`;

/** Reads a mail with Python's parser. */
export function parseMail(raw: string | Buffer): ParsedMail {
  const { stdout, stderr, status } = spawnSync('python3', ['-c', script], { input: raw, encoding: 'utf8' });
  const parsed: unknown = status === 0 ? JSON.parse(stdout) : null;
  if (isParsed(parsed)) return parsed;
  throw new Error(`Python cannot read the mail: ${stderr}`);
}

function isParsed(value: unknown): value is ParsedMail {
  return typeof value === 'object' && value !== null && 'headers' in value && 'defects' in value;
}
