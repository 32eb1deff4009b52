import { z } from 'zod';

/** One option of a configuration, for the documentation. */
interface OptionRow {
  readonly path: string;
  readonly type: string;
  readonly usual: string;
  readonly description: string;
}

const nodeSchema = z.object({
  type: z.string().optional(),
  enum: z.array(z.string()).optional(),
  description: z.string().optional(),
  default: z.union([z.string(), z.number(), z.boolean()]).optional(),
  get properties() {
    return z.record(z.string(), nodeSchema).optional();
  },
  get additionalProperties() {
    return z.union([z.boolean(), nodeSchema]).optional();
  },
  get items() {
    return nodeSchema.optional();
  },
  get anyOf() {
    return z.array(nodeSchema).optional();
  },
});

type Node = z.infer<typeof nodeSchema>;

/** Puts a table of the options that a JSON Schema describes between the marks in a text of Markdown. */
export function withOptionsTable(markdown: string, jsonSchema: object): string {
  const marked = /(?<=<!-- options -->\n)[^]*(?=<!-- end of options -->)/;
  return markdown.replace(marked, () => optionsTable(jsonSchema));
}

/** What is described twice refers to the first. */
function optionsTable(jsonSchema: object): string {
  const firsts = new Map<string, string>();
  const lines: string[] = [];
  let known = '';
  for (const { path, type, usual, description } of rowsBelow(nodeSchema.parse(jsonSchema), '')) {
    if (known !== '' && path.startsWith(known)) continue;
    const identity = `${path.replace(/^.*\./, '')} ${description}`;
    const first = firsts.get(identity);
    known = first === undefined ? '' : `${path}.`;
    if (first === undefined) firsts.set(identity, path);
    const meaning = first === undefined ? description : `As \`${first}\`, which it overrides.`;
    lines.push(`| \`${path}\` | ${type} | ${first === undefined ? usual : ''} | ${meaning} |`);
  }
  return ['| option | value | default | meaning |', '|---|---|---|---|', ...lines, ''].join('\n');
}

function rowsBelow(node: Node, above: string): OptionRow[] {
  const properties = Object.entries(node.properties ?? {});
  // What stands in lists comes last, because it overrides what stands beside the list.
  const ordered = [
    ...properties.filter(([, { items }]) => items === undefined),
    ...properties.filter(([, { items }]) => items !== undefined),
  ];
  const own = ordered.flatMap(([key, child]) => {
    const path = above === '' ? key : `${above}.${key}`;
    return [rowOf(path, child), ...rowsBelow(child, path)];
  });
  const named =
    typeof node.additionalProperties === 'object' ? rowsBelow(node.additionalProperties, `${above}.*`) : [];
  const items = node.items === undefined ? [] : rowsBelow(node.items, `${above}[]`);
  return [...own, ...named, ...items, ...(node.anyOf ?? []).flatMap((one) => rowsBelow(one, above))];
}

function rowOf(path: string, node: Node): OptionRow {
  const usual = node.default === undefined ? '' : `\`${node.default}\``;
  return { path, type: typeOf(node), usual, description: node.description ?? '' };
}

function typeOf(node: Node): string {
  if (node.enum !== undefined) return node.enum.map((word) => `\`${word}\``).join(', ');
  if (node.anyOf !== undefined) return [...new Set(node.anyOf.map(typeOf))].join(' or ');
  if (node.type === 'array') return node.items === undefined ? 'list' : `list of ${typeOf(node.items)}`;
  return node.type === 'string' ? 'text' : (node.type ?? '');
}
