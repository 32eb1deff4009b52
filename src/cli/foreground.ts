import type { ChainTold } from '../core/event.ts';
import { followLog, type FollowedLog } from '../log/follow-log.ts';
import { toldText, type Weight } from './told-text.ts';
import { visible } from './visible.ts';

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
  /** Begins to show what is written to the log from byte `from` on. */
  follow(logFile: string, from: number): void;
  close(): void;
}

/** A run that is shorter than this and writes nothing gets one line, not two. */
const startLineAfterMs = 1_000;

/** Shows a chain on standard output, where nobody may be listening any more. */
export function createForeground(options: ForegroundOptions): Foreground {
  let log: FollowedLog | null = null;
  let unfinished = '';
  let startLine: (() => void) | null = null;
  let startTimer: NodeJS.Timeout | undefined;
  // `runner run ... | head -1` must not end the chain.
  process.stdout.on('error', () => undefined);

  function print(text: string): void {
    process.stdout.write(`${text}\n`);
  }

  function line(text: string, weight: Weight): void {
    if (options.isQuiet && weight === 'routine') return;
    print(`${clockText()} ${options.chain}  ${visible(text)}`);
  }

  // The line that a run has started comes when there is something to wait for, or output to put below it.
  function holdStartLine(show: () => void): void {
    startLine = show;
    startTimer = setTimeout(showStartLine, startLineAfterMs);
  }

  function showStartLine(): void {
    clearTimeout(startTimer);
    startLine?.();
    startLine = null;
  }

  function dropStartLine(): void {
    clearTimeout(startTimer);
    startLine = null;
  }

  function output(text: string): void {
    const lines = (unfinished + text).split('\n');
    unfinished = lines.pop() ?? '';
    for (const one of lines) outputLine(one);
  }

  function outputLine(text: string): void {
    if (options.isJson) print(JSON.stringify({ event: 'output', chain: options.chain, text }));
    else if (!options.isQuiet) {
      showStartLine();
      print(`${clockText()} ${options.chain} │ ${visible(text)}`);
    }
  }

  function finishOutput(): void {
    log?.drain();
    if (unfinished !== '') outputLine(unfinished);
    unfinished = '';
  }

  return {
    tell(told) {
      if (told.told.kind === 'run ended') finishOutput();
      if (options.isJson) {
        print(JSON.stringify(asJson(told)));
        return;
      }
      const shown = toldText(told);
      if (shown === null) return;
      if (told.told.kind === 'run started') {
        holdStartLine(() => line(shown.text, shown.weight));
        return;
      }
      if (told.told.kind === 'run ended') dropStartLine();
      else showStartLine();
      line(shown.text, shown.weight);
    },
    note(text) {
      if (!options.isJson) line(text, 'notice');
    },
    follow(logFile, from) {
      if (options.isQuiet && !options.isJson) return;
      log = followLog(logFile, from, {
        text: output,
        leftOut: (bytes) =>
          outputLine(`... ${bytes} bytes left out here; "runner logs ${options.chain}" has them`),
      });
    },
    close() {
      dropStartLine();
      finishOutput();
      log?.close();
    },
  };
}

function asJson({ chain, fence, told }: ChainTold): Record<string, unknown> {
  const { kind, ...rest } = told;
  if (!('run' in rest) || rest.run === null) return { event: kind, chain, fence, ...rest };
  const { number, pass, task } = rest.run;
  return { event: kind, chain, fence, ...rest, run: number, pass, task };
}

function clockText(): string {
  return new Date().toTimeString().slice(0, 8);
}
