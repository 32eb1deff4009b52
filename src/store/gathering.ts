/**
 * How long what may wait is kept for the next commit of others. Longer than the steps in which long waits end: a timer that
 * is stopped after a wake-up has begun still wakes a Node process, unless another one comes first.
 */
const longestPauseMs = 30;

/**
 * Gathers what is asked for and hands it on together: at the end of this turn of the event loop, with all that may wait; or
 * after 30 ms, if by then nothing has come that must not wait.
 */
export class Gathering<Asked> {
  readonly #handOn: (asked: readonly Asked[]) => void;
  #asked: Asked[] = [];
  #isDue = false;
  #pause: NodeJS.Timeout | null = null;

  constructor(handOn: (asked: readonly Asked[]) => void) {
    this.#handOn = handOn;
  }

  add(asked: Asked, { mayWait }: { readonly mayWait: boolean }): void {
    this.#asked.push(asked);
    if (mayWait) this.#pause ??= setTimeout(() => this.#end(), longestPauseMs);
    else if (!this.#isDue) process.nextTick(() => this.#end());
    this.#isDue ||= !mayWait;
  }

  #end(): void {
    const asked = this.#asked;
    this.#asked = [];
    this.#isDue = false;
    if (this.#pause !== null) clearTimeout(this.#pause);
    this.#pause = null;
    this.#handOn(asked);
  }
}
