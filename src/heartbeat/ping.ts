/** How long a ping may take in all. */
const limitMs = 10_000;

/**
 * Asks for `url` once. Resolves to what is wrong, in words without the address, which may be a secret; `null` when it
 * was answered with success. A redirect is not followed: it could lead anywhere. An abort ends it at once.
 */
export function ping(url: string, signal: AbortSignal): Promise<string | null> {
  const { protocol } = new URL(url);
  // Few need it, and each start is shorter without it.
  const { request } = process.getBuiltinModule(protocol === 'https:' ? 'node:https' : 'node:http');
  return new Promise((resolve) => {
    const timer = setTimeout(() => end(`no answer within ${limitMs / 1_000} s`), limitMs);
    const asked = request(url, { agent: false, signal, headers: { 'user-agent': 'yourlabs-runner' } });
    function end(problem: string | null): void {
      clearTimeout(timer);
      resolve(problem);
      // Whatever else it says, nobody reads: it may be endless.
      asked.destroy();
    }
    asked.on('response', ({ statusCode = 0 }) => {
      if (statusCode >= 200 && statusCode < 300) end(null);
      else if (statusCode >= 300 && statusCode < 400)
        end(`a redirect, which is not followed (${statusCode})`);
      else end(`status ${statusCode}`);
    });
    asked.on('error', (error) => end('code' in error ? String(error.code) : error.name));
    asked.end();
  });
}
