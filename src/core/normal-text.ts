import { shorten } from './plain-text.ts';
import { varyingRules, type Rule } from './varying-text.ts';

const longestText = 1_000;
const longestNormal = 160;

/** Numbers that name a failure: they stay. The flag `y` has each looked for at one place. */
const telling: readonly RegExp[] = [
  // SMTP: 451 4.7.1, 550-5.1.1, and a reply at the begin of a text.
  /(?<![\w.])[245]\d\d[- ][245]\.\d{1,3}\.\d{1,3}(?![\w.])/y,
  /^[245]\d\d(?=[ -]\D)/y,
  /(?<=["'])[245]\.\d{1,3}\.\d{1,3}(?= )/y,
  /dsn=[245]\.\d{1,3}\.\d{1,3}/y,
  // HTTP: 503 Service Unavailable.
  /(?<![\w.:/-])[1-5]\d\d (?=Bad |Conflict|Forbidden|Found|Gateway |Gone|Internal |Method |Moved |Not |OK\b|Payload |Payment |Precondition |Request |Service |Too Many |Unauthorized|Unprocessable )/y,
  // SQL: SQLSTATE[HY000] [2002], ERROR:  42P01:, ERROR 1045 (28000), ORA-00942.
  /SQLSTATE\[\w{5}\](?: \[\d{4}\])?/y,
  /SQLSTATE[ :=]+\w{5}\b/y,
  /(?:ERROR|FATAL|PANIC):\s+(?=[A-Z]{0,4}\d)[0-9A-Z]{5}(?=:)/y,
  /ERROR \d{4} \(\w{5}\)/y,
  /\b(?:ORA|PLS|TNS|RMAN)-\d{5}\b/y,
  // curl: (7), (1045, "Access denied"), error TS2345, and a name of an error of the system.
  /curl: \(\d{1,3}\)/y,
  /\(\d{3,4}(?=, b?["'])/y,
  /\berror (?:TS|CS|MSB)\d{4}\b/y,
  /\bE2BIG\b/y,
  /\bcode["']?: ?["'](?=[A-Z]{0,4}\d)[0-9A-Z]{5}["']/y,
  // exit status 2, status code 503, HTTP/1.1 503, [Errno 111], error 5, but not "error 5 of 10".
  /(?<!\w)(?:exit(?:ed)?(?: with)?(?: status| code)?|(?:status|response|error)(?:[ _-]?code)?|code|rc|errno|signal|HTTP(?:\/\d(?:\.\d)?)?(?: error)?|SMTP(?: error| code)?)(?:["']?[:=]\s?|\s)[("']?-?\d{1,4}(?![\w.:/-]\w|[\w/]|,\d|\s(?:of|in)\b)/iy,
  /(?<!\w)(?:HTTP error|returned error): \d{3}\b/iy,
];

const rules: readonly Rule[] = [
  ...telling.map((found) => ({ found, becomes: (text: string): string => text })),
  ...varyingRules,
];

/**
 * A text without what differs from one time to the next: numbers, ids, moments, addresses, paths and what stands in
 * quotes. Codes that name a failure stay, such as `451 4.7.1`, `HTTP 503` or `SQLSTATE[42P01]`. Looks at the first
 * 1 000 characters, gives at most 160.
 */
export function normalText(text: string): string {
  const pieces: string[] = [];
  const seen = text.slice(0, longestText);
  for (let at = 0; at < seen.length;) {
    const { taken, given } = nextPiece(seen, at);
    pieces.push(given);
    at += taken;
  }
  return shorten(joined(pieces), longestNormal);
}

/** The piece of a text that begins at a place: how long it is, and what becomes of it. */
function nextPiece(text: string, at: number): { readonly taken: number; readonly given: string } {
  for (const { found, becomes } of rules) {
    found.lastIndex = at;
    const [match] = found.exec(text) ?? [];
    if (match !== undefined) return { taken: match.length, given: becomes(match) };
  }
  return { taken: 1, given: text.charAt(at) };
}

function joined(pieces: readonly string[]): string {
  return pieces
    .join('')
    .replace(/#(?:[-_:.,/]?#)+/g, '#')
    .replace(/\s+/g, ' ')
    .trim();
}
