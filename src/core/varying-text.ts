/** What is looked for at one place of a text, and what becomes of it. */
export interface Rule {
  /** Has the flag `y`, and never matches an empty text. */
  readonly found: RegExp;
  readonly becomes: (text: string) => string;
}

/** What stands for a number, an id, a moment, an address or an amount: which of them it is varies, too. */
const any = '#';

/**
 * What differs from one time to the next, in the order in which it is tried. None of the patterns can take more than
 * a few steps for each character: what repeats in them begins with what the part before it cannot hold.
 */
export const varyingRules: readonly Rule[] = [
  { found: /\b[a-z][a-z0-9+.-]{1,20}:\/\/[^\s'"`<>()[\]{}|,;]+/iy, becomes: normalUrl },
  { found: /\b(?:GET|POST|PUT|PATCH|DELETE|HEAD) \/[^\s'"]*/y, becomes: normalLocation },
  { found: /<?(?<![\w.+%-])[\w.+%-]+@[\w-]+(?:\.[\w-]+)*>?/y, becomes: () => '<mail>' },
  // Names in code: column "mail", Cannot find module 'pg', "code": "rate_limited", (reading 'id').
  {
    found:
      /["']?\b(?:relation|column|constraint|table|index|function|schema|type|module|package|named|reading|setting|attribute|extension|variable|parameter|property|class|method|role|database|operator|command|code|error|reason|status)["']?[:=]?\s?["'`][\w.$#-]{1,60}["'`](?!\w)/iy,
    becomes: normalWords,
  },
  // What a server answered says more than other quotes, and stays.
  { found: /(?<!\w)b?"(?![245]\d\d[ -]|[245]\.\d\.\d)[^"]*"/y, becomes: () => "'…'" },
  {
    found: /(?<!\w)(?:b?'|[`‘])(?![245]\d\d[ -]|[245]\.\d\.\d)[^`'’‘]*['`’](?!\w)/y,
    becomes: () => "'…'",
  },
  { found: /[“«][^”“«»]*[”»]/y, becomes: () => "'…'" },
  { found: /(?<![\w.:/<])(?:~|\.{1,2})?(?:\/[\w.@%+=~#-]+)+\/?/y, becomes: () => '<path>' },
  { found: /\b[A-Za-z]:\\[^\s:"']+/y, becomes: () => '<path>' },
  ...moments().map((found) => ({ found, becomes: () => any })),
  { found: /\b[0-9a-f]{8}-(?:[0-9a-f]{4}-){3}[0-9a-f]{12}\b/iy, becomes: () => any },
  // Ids of Exim's messages.
  { found: /\b1[0-9a-z]{5}-[0-9a-z]{6,11}-[0-9a-z]{2,4}\b/iy, becomes: () => any },
  // IPv6, with or without a port.
  {
    found:
      /(?<![\w:.])\[?(?=[a-f:.]{0,40}\d)(?=[0-9a-f.]{0,4}:[0-9a-f.]{0,4}:)[0-9a-f:.]{1,44}[0-9a-f](?:%\w{1,15})?\]?(?!\w)/iy,
    becomes: () => any,
  },
  { found: amount(), becomes: () => any },
  { found: /(?<!\w)-?\d+(?:(?:[-:.,/_]|, )\d+)*(?!\w)/y, becomes: () => any },
  { found: /[\p{L}\p{N}_-]+/uy, becomes: normalWord },
];

function moments(): RegExp[] {
  const months = [
    'Jan(?:uary)?|Feb(?:ruary)?|Mar(?:ch)?|Apr(?:il)?|May|June?|July?|Aug(?:ust)?',
    'Sep(?:t(?:ember)?)?|Oct(?:ober)?|Nov(?:ember)?|Dec(?:ember)?',
  ].join('|');
  const weekday = String.raw`(?:(?:Mon|Tues?|Wed(?:nes)?|Thu(?:rs)?|Fri|Sat(?:ur)?|Sun)(?:day)?,? +)?`;
  const zone = String.raw`(?: ?(?:Z|UTC|GMT|CES?T|[ECMP][SD]T)\b| ?[+-]\d\d:?\d\d\b)?`;
  const clock = String.raw`\d{1,2}:\d\d(?::\d\d)?(?:[.,]\d{1,9})?(?: ?[AP]M\b)?`;
  const day = String.raw`${weekday}(?:\b\d{1,2}[ /-])?\b(?:${months})[ /-]{1,2}\d{1,4}\b(?:[ /:-]\d{4}\b)?`;
  return [
    new RegExp(String.raw`${day}(?:[ :]${clock})?${zone}(?: \d{4}\b)?`, 'y'),
    new RegExp(String.raw`\b\d{2,4}[-/.]\d{1,2}[-/.]\d{1,4}(?:[T ]${clock})?${zone}`, 'y'),
    new RegExp(String.raw`\b${clock}${zone}`, 'y'),
  ];
}

/** Lengths of time and sizes: 3.2s, 1m 32s, 2 minutes and 3 seconds, 12 MB. */
function amount(): RegExp {
  const short = '[nuµm]?s|[mhdB%]|secs?|mins?|hrs?|[kKMGT]i?B?';
  const long = '(?:milli)?seconds?|minutes?|hours?|days?|weeks?|bytes?';
  return new RegExp(
    String.raw`(?<![\w.])-?(?:\d[\d.,]{0,20} ?(?:${short}|${long})(?!\w)(?:,? (?:and )?(?=\d))?)+`,
    'y',
  );
}

/** Without the password and without what stands behind `?` or `#`. */
function normalUrl(url: string): string {
  return normalLocation(url.replace(/^([^:]*:\/\/)[^/@]*@/, '$1'));
}

function normalLocation(location: string): string {
  // Behind a `#` that this has put there comes no letter.
  return normalWords(location.replace(/(?:\?|#(?=[a-z])).*$/i, ''));
}

function normalWords(text: string): string {
  return text.replace(/[\p{L}\p{N}_-]+/gu, normalWord);
}

/** `job12` becomes `job#`; what looks like an id, such as `9A3B41C2D0` or `V1StGXR8_Z5jdHi6B-myT`, becomes `#`. */
function normalWord(word: string): string {
  if (!/\p{N}/u.test(word)) return word;
  if (/^0x[0-9a-f]+$/i.test(word) || isLongId(word)) return any;
  return word.replace(/[\p{L}\p{N}]+/gu, normalPart);
}

function isLongId(word: string): boolean {
  return word.length >= 16 && /\d.*?\D.*?\d/.test(word) && /[a-z]/.test(word) && /[A-Z]/.test(word);
}

function normalPart(part: string): string {
  const isHex = part.length >= 7 && /^[0-9a-f]+$/i.test(part) && /\d/.test(part);
  const isMixed = /\d\p{L}+\d/u.test(part);
  return isHex || isMixed ? any : part.replace(/\p{N}+/gu, any);
}
