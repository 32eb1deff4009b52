/** Events of one chain, taken by its loop in the order in which they were posted. */
export interface Mailbox<Event> {
  post(event: Event): void;
  /** All events posted since the last time. */
  take(): readonly Event[];
  /** Resolves when an event is there that was not taken, or when `wake` was called. */
  arrival(): Promise<void>;
  /** Ends a wait for an arrival. */
  wake(): void;
}

/** A new mailbox. One loop takes from it. */
export function createMailbox<Event>(): Mailbox<Event> {
  let events: Event[] = [];
  let notify: (() => void) | null = null;
  function wake(): void {
    notify?.();
    notify = null;
  }
  return {
    post(event) {
      events.push(event);
      wake();
    },
    take() {
      const taken = events;
      events = [];
      return taken;
    },
    arrival() {
      if (events.length > 0) return Promise.resolve();
      return new Promise((resolve) => {
        notify = resolve;
      });
    },
    wake,
  };
}
