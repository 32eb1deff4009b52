import { lastTrace, type PrintedError } from './last-trace.ts';

/** After so many lines a trace was not the last word: the program went on. */
const mostLinesAfterTrace = 10;
const mostLinesLookedAt = 30;

/** Says that something went wrong. */
const wrong =
  /(?:error|exception)\b|\b(?:errno|fatal|panic|critical|fail(?:ed|ure|s)?|denied|refused|rejected|cannot|can't|couldn't|could not|unable|unknown|not found|not exist|no such|invalid|missing|too (?:many|large|long)|timed out|timeout|time-out|killed|abort(?:ed|ing)?|unreachable|undefined|unbound|out of memory|no space|segmentation fault|terminate called|E[A-Z]{4,})\b|^[45]\d\d[ -]/i;
/** Says that nothing went wrong, or only that something else did. */
const noise =
  /\b(?:0|no|without) (?:errors?|failures?|failed)|^(?:npm (?:ERR!|error)|make(?:\[\d+\])?: \*\*\*|exit status \d|error Command failed|error: script |error: Recipe |Command exited|Process exited|Caused by: |tar: Exiting|\s*\d+: 0x|DETAIL|HINT|CONTEXT|STATEMENT|QUERY|LOCATION|LINE \d)|transaction is aborted|^\S*(?:warn(?:ing)?|info|debug)\b/i;

/** What the end of an output says of the error that ended the program; `null` when it says nothing. */
export function printedError(lines: readonly string[]): PrintedError | null {
  const trace = lastTrace(lines);
  if (trace !== null && lines.length - trace.end <= mostLinesAfterTrace) return trace;
  const last = lines.slice(-mostLinesLookedAt);
  const text = firstOfReply(
    last,
    last.findLastIndex((line) => wrong.test(line) && !noise.test(line)),
  );
  return text === undefined ? null : { text, causes: [], trace: [text] };
}

/** A server of mail may answer in several lines, of which all but the last have a `-` behind the code. */
function firstOfReply(lines: readonly string[], last: number): string | undefined {
  const [code] = /^[45]\d\d(?= )/.exec(lines[last] ?? '') ?? [];
  if (code === undefined) return lines[last];
  const before = lines.slice(0, last).findLastIndex((line) => !line.startsWith(`${code}-`));
  return lines[before + 1];
}
