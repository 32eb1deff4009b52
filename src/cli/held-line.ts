/** A line that is held back until there is a reason to show it. */
export interface HeldLine {
  /** Holds a line; it is shown by itself after a second. */
  hold(show: () => void): void;
  /** Shows the line that is held, if there is one. */
  show(): void;
  /** Forgets it. */
  drop(): void;
}

const longestHoldMs = 1_000;

/** The line that a run has started comes when there is something to wait for, or output to put below it. */
export function createHeldLine(): HeldLine {
  let held: (() => void) | null = null;
  let timer: NodeJS.Timeout | undefined;

  function drop(): void {
    clearTimeout(timer);
    held = null;
  }

  function show(): void {
    held?.();
    drop();
  }

  return {
    hold(line) {
      held = line;
      timer = setTimeout(show, longestHoldMs);
    },
    show,
    drop,
  };
}
