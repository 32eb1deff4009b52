/**
 * Calls `stop` for SIGTERM and SIGINT, each time. SIGHUP stops the chain when its terminal goes, and means
 * nothing where there is no terminal. What it returns undoes it.
 */
export function stopOnSignals(stop: () => void): () => void {
  const hangUp = process.stdin.isTTY ? stop : (): void => undefined;
  process.on('SIGTERM', stop);
  process.on('SIGINT', stop);
  process.on('SIGHUP', hangUp);
  return () => {
    process.off('SIGTERM', stop);
    process.off('SIGINT', stop);
    process.off('SIGHUP', hangUp);
  };
}
