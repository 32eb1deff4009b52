import { StringDecoder } from 'node:string_decoder';
import type { HistoryEntry } from '../store/history.ts';
import { createLineSplitter, type LineSplitter } from './line-splitter.ts';
import { localTime } from './local-time.ts';
import { lengthText, storedOutcomeText } from './outcome-text.ts';
import { visible, visibleLine } from './visible.ts';

/** How output of tasks is printed. */
export interface LogLook {
  /** On a terminal runs have headings, and nothing that a task writes can do things to the terminal. */
  readonly isTerminal: boolean;
  /** Each line begins with the name of its chain. */
  readonly hasPrefix: boolean;
}

/** Prints the output of runs. */
export interface LogPrinter {
  /** The chain's output that follows is of this run. */
  heading(entry: HistoryEntry): void;
  write(chain: string, bytes: Buffer): void;
  leftOut(chain: string, bytes: number): void;
  /** What follows does not belong to what this chain has written until now. */
  finish(chain: string): void;
}

/** Prints to `out`. Where neither a terminal nor a prefix is wanted, the bytes go through as they are. */
export function createLogPrinter(look: LogLook, out: (piece: string | Buffer) => void): LogPrinter {
  return look.isTerminal || look.hasPrefix ? new TextPrinter(look, out) : bytePrinter(out);
}

function bytePrinter(out: (piece: string | Buffer) => void): LogPrinter {
  return {
    heading: () => undefined,
    // A copy, because who reads the file may use the same bytes again before they are written.
    write: (_, bytes) => out(Buffer.from(bytes)),
    leftOut: (_, bytes) => out(`... ${bytes} bytes left out ...\n`),
    finish: () => undefined,
  };
}

/** The text of one chain that is not complete yet: characters and lines may come in pieces. */
interface Unfinished {
  readonly decoder: StringDecoder;
  readonly lines: LineSplitter;
}

class TextPrinter implements LogPrinter {
  readonly #look: LogLook;
  readonly #out: (text: string) => void;
  readonly #chains = new Map<string, Unfinished>();
  #isAtLineStart = true;

  constructor(look: LogLook, out: (text: string) => void) {
    this.#look = look;
    this.#out = out;
  }

  heading(entry: HistoryEntry): void {
    this.finish(entry.chain);
    if (this.#look.isTerminal) this.#line(headingText(entry));
  }

  write(chain: string, bytes: Buffer): void {
    const { decoder, lines } = this.#chains.get(chain) ?? this.#begin(chain);
    const text = decoder.write(bytes);
    if (this.#look.hasPrefix) lines.add(text);
    else this.#text(text);
  }

  leftOut(chain: string, bytes: number): void {
    this.finish(chain);
    const text = `... ${bytes} bytes left out ...`;
    this.#line(this.#look.hasPrefix ? `${chain} │ ${text}` : text);
  }

  finish(chain: string): void {
    const unfinished = this.#chains.get(chain);
    if (unfinished === undefined) return;
    const rest = unfinished.decoder.end();
    if (this.#look.hasPrefix) unfinished.lines.add(rest);
    else this.#text(rest);
    unfinished.lines.finish();
    this.#chains.delete(chain);
  }

  #begin(chain: string): Unfinished {
    const { isTerminal } = this.#look;
    const lines = createLineSplitter((line) => this.#line(`${chain} │ ${isTerminal ? visible(line) : line}`));
    const begun = { decoder: new StringDecoder('utf8'), lines };
    this.#chains.set(chain, begun);
    return begun;
  }

  #line(line: string): void {
    this.#out(`${this.#isAtLineStart ? '' : '\n'}${line}\n`);
    this.#isAtLineStart = true;
  }

  #text(text: string): void {
    if (text === '') return;
    this.#out(this.#look.isTerminal ? visible(text) : text);
    this.#isAtLineStart = text.endsWith('\n');
  }
}

// In bold, which no task can write, because its control characters are shown by their numbers.
function headingText(entry: HistoryEntry): string {
  const { chain, run, task, startedAt, outcome, detail, durationMs } = entry;
  const ended = outcome === null ? '' : `  ${storedOutcomeText(outcome, detail)}`;
  const took = durationMs === null ? '' : ` (${lengthText(durationMs)})`;
  const text = visibleLine(`── ${chain}  run ${run}  ${task}  ${localTime(startedAt)}${ended}${took}`);
  return `\u001b[1m${text}\u001b[0m`;
}
