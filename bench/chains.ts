/** The configuration of so many chains of one command. */
export function chainsOf(
  count: number,
  command: readonly string[],
  cooldown: string,
): Record<string, object> {
  const one = { tasks: [{ run: command }], cooldown };
  return Object.fromEntries(Array.from({ length: count }, (_, index) => [`c${index}`, one]));
}
