import { toDurationMs, type DurationMs } from '../core/units.ts';
import { failed, refused, shownPart, type Sent } from './sending.ts';

/** What is posted. */
export interface Post {
  readonly url: string;
  readonly body: string;
  readonly headers: Readonly<Record<string, string>>;
}

/** No more of an answer is read. */
const longestAnswerBytes = 4 * 1024;
/** These refusals may be others a moment later: too slow, too early, too many. */
const passingStatuses = [408, 425, 429];

/** Posts JSON. No redirect is followed: it could lead anywhere, and take the secret with it. */
export async function postJson({ url, body, headers }: Post, signal: AbortSignal): Promise<Sent> {
  try {
    const response = await fetch(url, {
      method: 'POST',
      body,
      headers: { 'Content-Type': 'application/json', 'User-Agent': 'yourlabs-runner', ...headers },
      redirect: 'manual',
      signal,
    });
    return answerOf(response, await beginningOf(response));
  } catch (error) {
    return failed(`${hostOf(url)}: ${signal.aborted ? 'it took too long' : reasonOf(error)}`);
  }
}

/** The part of an address that is no secret. */
function hostOf(url: string): string {
  return URL.canParse(url) ? new URL(url).host : 'an address that is none';
}

function answerOf(response: Response, beginning: string): Sent {
  const { status } = response;
  const shown = shownPart(beginning);
  const answer = `HTTP ${status}${shown === '' ? '' : `: ${shown}`}`;
  const where = `${hostOf(response.url)}: `;
  if (status >= 200 && status < 300) return { kind: 'sent', answer };
  if (status >= 300 && status < 400) {
    return refused(`${where}HTTP ${status}: it leads elsewhere; write the address that it leads to`);
  }
  if (status >= 500 || passingStatuses.includes(status)) {
    const retryAfterMs = retryAfterOf(response.headers.get('retry-after'));
    return { kind: 'failed', error: where + answer, isPermanent: false, retryAfterMs };
  }
  return refused(where + answer);
}

// An answer may be endless: what is not needed is never read.
async function beginningOf(response: Response): Promise<string> {
  if (response.body === null) return '';
  const chunks: Uint8Array[] = [];
  let bytes = 0;
  for await (const chunk of response.body) {
    if (!(chunk instanceof Uint8Array)) break;
    chunks.push(chunk);
    bytes += chunk.length;
    if (bytes >= longestAnswerBytes) break;
  }
  return Buffer.concat(chunks).subarray(0, longestAnswerBytes).toString('utf8');
}

function retryAfterOf(header: string | null): DurationMs | null {
  if (header === null) return null;
  const seconds = /^\d{1,9}$/.test(header) ? Number(header) : (Date.parse(header) - Date.now()) / 1_000;
  return Number.isFinite(seconds) && seconds > 0 ? toDurationMs(Math.ceil(seconds * 1_000)) : null;
}

// `fetch` says only that it failed; why is in the cause.
function reasonOf(error: unknown): string {
  if (!(error instanceof Error)) return String(error);
  const { cause } = error;
  if (!(cause instanceof Error)) return error.message;
  const code = 'code' in cause && typeof cause.code === 'string' ? cause.code : '';
  return cause.message === '' ? code : cause.message;
}
