/** Resolves once everything has run that waits neither for time nor for an event of the test. */
export function settled(): Promise<void> {
  return new Promise((resolve) => {
    setImmediate(resolve);
  });
}
