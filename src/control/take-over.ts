import { createControlClient, RunnerNotUp, RunnerSilent } from './client.ts';

/** What came of asking a runner to give its chains away. */
export type TakeOver =
  /** It has left its place; `ended` resolves when it has given all chains, or is gone. */
  | { readonly kind: 'accepted'; readonly ended: Promise<void> }
  | { readonly kind: 'refused'; readonly reason: string }
  /** It does not answer, or answers nobody any more. */
  | { readonly kind: 'silent' };

/**
 * Asks the runner at `socket` to give its chains to process `pid`, each after its run; `released` is told each of
 * them. Should this process die before all are given, that runner takes them back.
 */
export async function askForChains(
  socket: string,
  pid: number,
  released: (chain: string) => void,
): Promise<TakeOver> {
  const client = createControlClient(socket);
  return new Promise((resolve, reject) => {
    const ended = client.lines('/v1/handover', { pid }, (line) => {
      const { kind, chain } = fieldsOf(line);
      if (kind === 'accepted') resolve({ kind: 'accepted', ended: ended.then(() => undefined) });
      if (kind === 'released' && typeof chain === 'string') released(chain);
    });
    ended.then(
      ({ body }) => resolve({ kind: 'refused', reason: reasonIn(body) }),
      (error: unknown) => {
        if (error instanceof RunnerSilent || error instanceof RunnerNotUp) resolve({ kind: 'silent' });
        else reject(error instanceof Error ? error : new Error(String(error)));
      },
    );
  });
}

/**
 * Asks the runner of the project to give one chain away after its run; `false` when process `from` is not that runner.
 */
export async function askForChain(
  socket: string,
  { chain, from, to }: { readonly chain: string; readonly from: number | null; readonly to: number },
): Promise<boolean> {
  const client = createControlClient(socket);
  try {
    const { body } = await client.get('/v1/status');
    if (fieldsOf(fieldsOf(body)['runner'])['pid'] !== from) return false;
    const { status } = await client.post(`/v1/chains/${chain}/release`, { pid: to, by: `process ${to}` });
    return status === 200;
  } catch (error) {
    if (error instanceof RunnerNotUp || error instanceof RunnerSilent) return false;
    throw error;
  }
}

/** What the API says of an error, or a word that it said nothing. */
export function reasonIn(body: unknown): string {
  const { message } = fieldsOf(fieldsOf(body)['error']);
  return typeof message === 'string' ? message : 'it gave no reason';
}

/** The code of an error, `null` where there is none. */
export function codeIn(body: unknown): string | null {
  const { code } = fieldsOf(fieldsOf(body)['error']);
  return typeof code === 'string' ? code : null;
}

function fieldsOf(value: unknown): Readonly<Record<string, unknown>> {
  return typeof value === 'object' && value !== null ? { ...value } : {};
}
