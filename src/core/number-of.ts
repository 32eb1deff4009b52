/**
 * The number that stands under `name`, or `undefined`. A task may be called `constructor`, and every object has
 * something of that name.
 */
export function numberOf(numbers: Readonly<Record<string, number>>, name: string): number | undefined {
  return Object.hasOwn(numbers, name) ? numbers[name] : undefined;
}
