/**
 * What stands under `name`, or `undefined`. A task or a variable may be called `constructor`, and every object has
 * something of that name.
 */
export function ownValue<T>(values: Readonly<Record<string, T>>, name: string): T | undefined {
  return Object.hasOwn(values, name) ? values[name] : undefined;
}
