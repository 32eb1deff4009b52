import { writeSync, closeSync } from 'node:fs';

/** The variable that names the descriptor at which whoever started this process waits for news. */
export const readyVariable = 'RUNNER_READY_FD';

/** What a process in the background tells whoever started it: that it is up, or why it is not. */
export type ReadyNews =
  | { readonly kind: 'up'; readonly pid: number }
  | { readonly kind: 'failed'; readonly text: string; readonly exitCode: number };

/** Tells the news to whoever waits for it, once; does nothing where nobody does. */
export function tellReady(news: ReadyNews): void {
  const descriptor = Number(process.env[readyVariable]);
  delete process.env[readyVariable];
  if (!Number.isInteger(descriptor) || descriptor < 3) return;
  try {
    writeSync(descriptor, `${JSON.stringify(news)}\n`);
    closeSync(descriptor);
  } catch (error) {
    // Whoever waited is gone.
    if (!(error instanceof Error && 'code' in error)) throw error;
  }
}
