import { Ajv2020 } from 'ajv/dist/2020.js';
import { openApiDocument } from '../../src/control/openapi.ts';

/** The document, in the parts that tests look at. */
interface Document {
  readonly paths: Readonly<Record<string, Readonly<Record<string, Operation>>>>;
}

interface Operation {
  readonly responses: Readonly<Record<string, { readonly content?: Readonly<Record<string, unknown>> }>>;
}

/** What the document says, and whether an answer is as it says. */
export interface ApiSchema {
  /** Such as `GET /v1/chains/{chain}`. */
  readonly operations: readonly string[];
  /** What is wrong with an answer, `null` when nothing is. A field that is not described is wrong, too. */
  problemWith(operation: string, answer: { readonly status: number; readonly body: unknown }): string | null;
}

/** The schemas of the control API, to be compared with what it does. */
export function apiSchema(): ApiSchema {
  const { paths } = readDocument(closed(openApiDocument('0.1.0')));
  const ajv = new Ajv2020({ allErrors: true, strict: false });
  ajv.addSchema({ $id: 'api', ...closedDocument() });
  const operations = Object.entries(paths).flatMap(([path, methods]) =>
    Object.keys(methods)
      .filter((method) => method !== 'parameters')
      .map((method) => `${method.toUpperCase()} ${path}`),
  );
  return {
    operations,
    problemWith(operation, { status, body }) {
      const [method = '', path = ''] = operation.split(' ');
      const response = paths[path]?.[method.toLowerCase()]?.responses[String(status)];
      if (response === undefined) return `${operation} has no answer ${status}`;
      if (response.content?.['application/json'] === undefined) return null;
      const place = ['paths', path, method.toLowerCase(), 'responses', String(status)];
      const pointer = [...place, 'content', 'application/json', 'schema'].map(escaped).join('/');
      const validate = ajv.getSchema(`api#/${pointer}`);
      if (validate === undefined) return `${operation} ${status} has no schema`;
      return validate(body) === true ? null : ajv.errorsText(validate.errors ?? []);
    },
  };
}

function closedDocument(): object {
  const document = closed(openApiDocument('0.1.0'));
  return typeof document === 'object' && document !== null ? document : {};
}

function escaped(part: string): string {
  return encodeURIComponent(part.replaceAll('~', '~0').replaceAll('/', '~1'));
}

/** The same, but that no object may have fields that are not described. */
function closed(value: unknown): unknown {
  if (typeof value !== 'object' || value === null) return value;
  if (Array.isArray(value)) return value.map(closed);
  const copy: Record<string, unknown> = {};
  for (const [key, part] of Object.entries(value)) copy[key] = closed(part);
  const isObject = copy['type'] === 'object' && 'properties' in copy;
  return isObject ? { additionalProperties: false, ...copy } : copy;
}

function readDocument(value: unknown): Document {
  if (isDocument(value)) return value;
  throw new Error('This is no document of OpenAPI');
}

function isDocument(value: unknown): value is Document {
  return typeof value === 'object' && value !== null && 'paths' in value;
}
