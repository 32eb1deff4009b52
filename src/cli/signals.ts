/** What signals ask of this process. */
export interface SignalWishes {
  /** SIGTERM and SIGINT, each time. */
  readonly stop: (isSecond: boolean) => void;
  /** SIGUSR2: end after the runs in progress, however long they take. */
  readonly drain: () => void;
  /** SIGHUP without a terminal. Where there is one it means that the terminal is gone, which is a stop. */
  readonly hangUp: () => void;
}

/** Calls what signals ask for. What it returns undoes it. */
export function onSignals({ stop, drain, hangUp }: SignalWishes): () => void {
  let stops = 0;
  const stopOnce = (): void => {
    stops += 1;
    stop(stops > 1);
  };
  // A terminal that closes may say so twice, once itself and once by its shell: the second time asks for no more.
  const stopUnlessStopping = (): void => {
    if (stops === 0) stopOnce();
  };
  const handlers = [
    ['SIGTERM', stopOnce],
    ['SIGINT', stopOnce],
    ['SIGHUP', process.stdin.isTTY ? stopUnlessStopping : hangUp],
    ['SIGUSR2', drain],
  ] as const;
  for (const [signal, handler] of handlers) process.on(signal, handler);
  return () => {
    for (const [signal, handler] of handlers) process.off(signal, handler);
  };
}
