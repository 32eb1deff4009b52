import type { ChainTold, LogPosition } from '../core/event.ts';
import { followLog } from '../log/follow-log.ts';
import { createBoundedOutput } from './bounded-output.ts';
import { createHeldLine } from './held-line.ts';
import { createLineSplitter } from './line-splitter.ts';
import { localTime } from './local-time.ts';
import { toldAsJson } from './told-json.ts';
import { againToKill, toldText, type Weight } from './told-text.ts';
import { visible, visibleLine } from './visible.ts';

/** What the foreground shows. */
export interface ForegroundOptions {
  readonly chain: string;
  readonly isJson: boolean;
  readonly isQuiet: boolean;
}

/** A chain shown on the terminal: what it does, and what its tasks write, as it comes. */
export interface Foreground {
  tell(told: ChainTold): void;
  /** A line that is not of the chain itself. */
  note(text: string): void;
  /** Begins to show what is written to the log from a place on. */
  follow(logFile: string, from: LogPosition): void;
  close(): void;
}

/** Shows a chain on standard output, where nobody may be listening any more. */
export function createForeground(options: ForegroundOptions): Foreground {
  let log: ReturnType<typeof followLog> | null = null;
  const outputLines = createLineSplitter(outputLine);
  const startLine = createHeldLine();
  const output = createBoundedOutput(process.stdout, (lines) => leftOutLine(options, lines));
  // `runner run ... | head -1` must not end the chain.
  process.stdout.on('error', () => undefined);

  function print(text: string): void {
    output.write(`${text}\n`);
  }

  function line(text: string, weight: Weight): void {
    if (options.isQuiet && weight !== 'problem') return;
    print(`${clockText()} ${options.chain}  ${visibleLine(text)}`);
  }

  function outputLine(text: string): void {
    if (options.isJson) print(JSON.stringify({ event: 'output', chain: options.chain, text }));
    else if (!options.isQuiet) {
      startLine.show();
      print(`${clockText()} ${options.chain} │ ${visible(text)}`);
    }
  }

  function finishOutput(): void {
    log?.drain();
    outputLines.finish();
  }

  return {
    tell(told) {
      if (told.told.kind === 'run ended') finishOutput();
      if (options.isJson) {
        print(JSON.stringify(toldAsJson(told)));
        return;
      }
      const shown = toldText(told, againToKill);
      if (shown === null) return;
      if (told.told.kind === 'run started') {
        startLine.hold(() => line(shown.text, shown.weight));
        return;
      }
      if (told.told.kind === 'run ended') startLine.drop();
      else startLine.show();
      line(shown.text, shown.weight);
    },
    note(text) {
      if (!options.isJson) line(text, 'notice');
    },
    follow(logFile, from) {
      if (options.isQuiet && !options.isJson) return;
      log = followLog(logFile, from, {
        text: (text) => outputLines.add(text),
        leftOut: (bytes) =>
          outputLine(`... ${bytes} bytes left out here; "runner logs ${options.chain}" has them`),
      });
    },
    close() {
      startLine.drop();
      finishOutput();
      log?.close();
    },
  };
}

function leftOutLine({ isJson }: ForegroundOptions, lines: number): string {
  return isJson ? `${JSON.stringify({ event: 'lines left out', lines })}\n` : `... ${lines} lines left out\n`;
}

function clockText(): string {
  return localTime(Date.now()).slice(11);
}
