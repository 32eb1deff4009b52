const masked = '***';
/** A shorter one would be found in words that are no secret. */
const shortestSecret = 4;
/** Nor is a short line of a secret of several lines one by itself. */
const shortestLine = 8;
const secretName =
  '(?:pass(?:word|wd|phrase)|pwd|secret|token|api[_-]?key|access[_-]?key|private[_-]?key|credentials?|signature)';

/** What stays as it is in a URL: by `encodeURI`, by `encodeURIComponent`, by RFC 3986. */
const plainInUrls: readonly RegExp[] = [/[\w.~!*'();,/?:@&=+$#-]/, /[\w.~!*'()-]/, /[\w.~-]/];

interface Shape {
  readonly found: RegExp;
  readonly becomes: string;
}

/**
 * How secrets are written. None of the patterns looks at a character more than a few times: all that repeats in them
 * either has a largest number or is taken in one way only.
 */
const shapes: readonly Shape[] = [
  // The body of a private key.
  { found: /(-----BEGIN [A-Z ]{0,30}PRIVATE KEY-----)[^-]+/g, becomes: `$1${masked}` },
  // postgres://user:password@host
  { found: /(\b[a-z][a-z0-9+.-]{0,30}:\/\/[^\s/:@]*:)[^\s/@]+@/gi, becomes: `$1${masked}@` },
  // Cookie: session=...
  { found: /(\b(?:set-)?cookie["']?\s{0,5}:\s{0,5})[^\r\n]+/gi, becomes: `$1${masked}` },
  // Authorization: Bearer ..., Authorization: Basic ...
  {
    found:
      /(\bauthorization\\?["']?\s{0,5}[:=]\s{0,5}\\?["']?(?:(?:bearer|basic|token|digest|negotiate|apikey)\s{1,5})?)[^\s"',;]+/gi,
    becomes: `$1${masked}`,
  },
  // Bearer with something that has a digit in it, which the word "authentication" has not.
  { found: /(\bbearer\s{1,5})(?=[^\s\d]{0,200}\d)[\w.~+/=-]{8,}/gi, becomes: `$1${masked}` },
  // password=..., "api_key": "...", DB_PASSWORD: ..., ?token=...&
  {
    found: new RegExp(
      String.raw`(${secretName}[\w-]{0,40}\\?["']?\s{0,5}[:=]\s{0,5})(?:"[^"\r\n]*"|'[^'\r\n]*'|\\?["']?[^\s"',;&)}\]]+)`,
      'gi',
    ),
    becomes: `$1${masked}`,
  },
  // --password ...
  { found: new RegExp(String.raw`(--[\w-]{0,30}${secretName}\s{1,5})\S+`, 'gi'), becomes: `$1${masked}` },
  // curl -u name:password
  { found: /((?:\s-u|\s--user)[ =][^\s:]{1,100}:)\S+/g, becomes: `$1${masked}` },
  // Tokens that say what they are: of AWS, GitHub, GitLab, Slack, Stripe, npm, and JSON web tokens.
  {
    found:
      /(?<![\w-])(?:AKIA[0-9A-Z]{16}|gh[pousr]_\w{30,}|github_pat_\w{30,}|glpat-[\w-]{16,}|xox[abeprs]-[\w-]{10,}|[sr]k_(?:live|test)_\w{10,}|npm_\w{30,}|eyJ[\w-]{8,}\.[\w-]{8,}(?:\.[\w-]*)?)/g,
    becomes: masked,
  },
  { found: /(\bhooks\.slack\.com\/services\/)[\w/]+/g, becomes: `$1${masked}` },
];

/**
 * The text with `***` in place of secrets: of each given value that is longer than 3 characters, also encoded for a
 * URL or in base64, and of what is written like a secret, such as `password=...`, `Authorization: Bearer ...` or the
 * password in a URL. What is encoded in yet another way, or written like nothing known, is not found.
 */
export function mask(text: string, secrets: readonly string[]): string {
  const written = new Set(secrets.flatMap(valuesOf).flatMap(encodingsOf));
  // The longest first, because one may be a part of another.
  const known = [...written]
    .toSorted((one, other) => other.length - one.length)
    .reduce((before, secret) => before.replaceAll(secret, masked), text);
  return shapes.reduce((before, { found, becomes }) => before.replace(found, becomes), known);
}

/** A secret, and its lines: a key of several lines is often printed line by line, with something in front of each. */
function valuesOf(secret: string): readonly string[] {
  const lines = secret.split(/[\r\n]+/).map((line) => line.trim());
  return [secret, ...lines.filter((line) => line.length >= shortestLine)].filter(
    (value) => value.length >= shortestSecret,
  );
}

function encodingsOf(value: string): readonly string[] {
  const bytes = Array.from(new TextEncoder().encode(value));
  const inUrls = plainInUrls.map((plain) => percentEncoded(bytes, plain));
  return [
    value,
    JSON.stringify(value).slice(1, -1),
    ...inUrls,
    ...inUrls.map((url) => url.replaceAll('%20', '+')),
    ...inUrls.map((url) => url.replace(/%../g, (code) => code.toLowerCase())),
    ...base64Of(bytes).flatMap((encoded) => [encoded, encoded.replaceAll('+', '-').replaceAll('/', '_')]),
  ];
}

function percentEncoded(bytes: readonly number[], plain: RegExp): string {
  return bytes
    .map((byte) => {
      const character = String.fromCodePoint(byte);
      return plain.test(character) ? character : `%${byte.toString(16).padStart(2, '0').toUpperCase()}`;
    })
    .join('');
}

/**
 * Bytes in base64, by themselves and within more, such as a password behind its user's name: there they fall on one
 * of three places, and the first and the last of their characters may hold a part of what is beside them.
 */
function base64Of(bytes: readonly number[]): readonly string[] {
  const text = bytes.map((byte) => String.fromCodePoint(byte)).join('');
  const alone = btoa(text);
  const within = [0, 1, 2].map((before) => {
    const first = Math.ceil((before * 8) / 6);
    const end = Math.floor(((before + bytes.length) * 8) / 6);
    return btoa(`${'\0'.repeat(before)}${text}`).slice(first, end);
  });
  return [alone, alone.replace(/=+$/, ''), ...within].filter((encoded) => encoded.length > shortestSecret);
}
