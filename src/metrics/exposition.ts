/** A metric with all its values, in the words of Prometheus. */
export interface Family {
  readonly name: string;
  readonly type: 'counter' | 'gauge' | 'histogram';
  readonly help: string;
  readonly samples: Iterable<Sample>;
}

/** One value. */
export interface Sample {
  /** What is added to the name, as `_bucket`. */
  readonly suffix?: string;
  /** As `labels` makes them. */
  readonly labels: string;
  readonly value: number;
}

/** The lines of metrics in the text format of Prometheus, each with its line end. A metric without a value is left out. */
export function* expositionLines(families: Iterable<Family>): Generator<string> {
  for (const { name, type, help, samples } of families) {
    let isFirst = true;
    for (const { suffix = '', labels, value } of samples) {
      if (isFirst) yield `# HELP ${name} ${help}\n# TYPE ${name} ${type}\n`;
      isFirst = false;
      yield labels === '' ? `${name}${suffix} ${value}\n` : `${name}${suffix}{${labels}} ${value}\n`;
    }
  }
}

/** The text of one label; several have commas between them. */
export function label(name: string, value: string): string {
  return `${name}="${escaped(value)}"`;
}

function escaped(value: string): string {
  return /["\\\n]/.test(value)
    ? value.replaceAll('\\', '\\\\').replaceAll('"', '\\"').replaceAll('\n', '\\n')
    : value;
}
