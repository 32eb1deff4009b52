import { z } from 'zod';
import { configSchema } from './schema.ts';

/** The JSON Schema of a configuration, for editors. */
export function configJsonSchema(): object {
  const { $schema, ...schema } = z.toJSONSchema(configSchema, {
    io: 'input',
    target: 'draft-7',
    override: ({ jsonSchema }) => {
      const { usual, ...others } = jsonSchema;
      if (typeof usual !== 'string' && typeof usual !== 'number' && typeof usual !== 'boolean') return;
      delete jsonSchema['usual'];
      Object.assign(jsonSchema, others, { default: usual });
    },
  });
  // Keys at the top that start with `x-` are the user's own.
  return { $schema, title: 'Configuration of yourlabs-runner', ...schema, patternProperties: { '^x-': {} } };
}
