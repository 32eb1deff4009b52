import type { Reloaded } from '../control-port.ts';
import type { ChainTold } from '../core/event.ts';
import { explainProblems } from '../config/problem.ts';
import { createBoundedOutput } from './bounded-output.ts';
import { localTime } from './local-time.ts';
import { toldAsJson } from './told-json.ts';
import { againToKill, toldText } from './told-text.ts';
import { visible } from './visible.ts';

/** How much `runner up` prints. */
export interface UpOutputOptions {
  readonly isJson: boolean;
  /** Also that a run has begun or succeeded. */
  readonly isVerbose: boolean;
  /** Nothing but failures. */
  readonly isQuiet: boolean;
}

/** What a runner of many chains prints; nobody may be listening any more. */
export interface UpOutput {
  tell(told: ChainTold): void;
  /** A line that is not of one chain. */
  note(text: string): void;
  /** The same for what people have to know, also where they want little to be said. */
  warn(text: string): void;
  welcome(chains: readonly string[], tookOverFrom: number | null): void;
  /** What came of a reload that nobody waits for. */
  reloaded(answer: Reloaded): void;
}

/** Prints on standard output: into a file, with the day. */
export function createUpOutput({ isJson, isVerbose, isQuiet }: UpOutputOptions): UpOutput {
  // `runner up | head -1` must not end the chains.
  process.stdout.on('error', () => undefined);
  const output = createBoundedOutput(process.stdout, (lines) =>
    isJson ? `${JSON.stringify({ event: 'lines left out', lines })}\n` : `... ${lines} lines left out\n`,
  );
  const isTerminal = process.stdout.isTTY;

  function line(who: string, text: string): void {
    const now = localTime(Date.now());
    const stamp = isTerminal ? now.slice(11) : now;
    for (const part of text.split('\n')) output.write(`${stamp} ${who}  ${visible(part)}\n`);
  }

  function note(text: string): void {
    if (isJson) output.write(`${JSON.stringify({ event: 'note', text })}\n`);
    else if (!isQuiet) line('runner', text);
  }

  return {
    note,
    warn(text) {
      if (isJson) note(text);
      else line('runner', `warning: ${text}`);
    },
    tell(told) {
      if (isJson) {
        output.write(`${JSON.stringify(toldAsJson(told))}\n`);
        return;
      }
      // In the background nobody can press a key.
      const toKill = isTerminal ? againToKill : '"runner down --now" kills it';
      const shown = toldText(told, toKill);
      const least = isQuiet ? ['problem'] : ['notice', 'problem'];
      if (shown === null || (!isVerbose && !least.includes(shown.weight))) return;
      line(told.chain, shown.text);
    },
    welcome(chains, tookOverFrom) {
      if (isJson) {
        output.write(`${JSON.stringify({ event: 'up', pid: process.pid, chains, tookOverFrom })}\n`);
        return;
      }
      const many = chains.length === 1 ? '1 chain' : `${chains.length} chains`;
      const from = tookOverFrom === null ? '' : `, taken over from process ${tookOverFrom} one by one`;
      note(
        `up with ${many} as process ${process.pid}${from}; "runner status" shows them, Ctrl-C or "runner down" ends it`,
      );
    },
    reloaded(answer) {
      if (answer.kind === 'rejected') note(explainProblems(answer.problems).trimEnd());
      if (answer.kind === 'refused') note(answer.reason);
    },
  };
}
