const longestText = 60;

/** Says in a few words what stands where something else should: `the number 5`, `"soon"`, `a list`. */
export function describeFound(value: unknown): string {
  switch (typeof value) {
    case 'string':
      return JSON.stringify(value.length > longestText ? `${value.slice(0, longestText)}…` : value);
    case 'number':
    case 'bigint':
      return `the number ${value}`;
    case 'boolean':
      return String(value);
    case 'undefined':
      return 'nothing';
    case 'function':
      return value.name === '' ? 'a function' : `the function "${value.name}"`;
    case 'symbol':
      return 'a symbol';
    case 'object':
      return describeObject(value);
  }
}

function describeObject(value: object | null): string {
  if (value === null) return 'nothing';
  if (Array.isArray(value)) return value.length === 0 ? 'an empty list' : 'a list';
  const prototype: unknown = Object.getPrototypeOf(value);
  if (prototype === null || prototype === Object.prototype) return 'an object';
  const maker: unknown = Reflect.get(value, 'constructor');
  return typeof maker === 'function' && maker.name !== '' ? `an instance of ${maker.name}` : 'an object';
}
