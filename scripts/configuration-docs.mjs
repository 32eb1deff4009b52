// node scripts/configuration-docs.mjs: writes the table of options in docs/configuration.md, made from the
// schema. Needs build/. A test says when the table is out of date.
import { readFile, writeFile } from 'node:fs/promises';
import { root } from './command.mjs';

const { configJsonSchema } = await import(`${root}build/src/config/json-schema.js`);
const { withOptionsTable } = await import(`${root}build/src/config/options-table.js`);
const path = `${root}docs/configuration.md`;
await writeFile(path, withOptionsTable(await readFile(path, 'utf8'), configJsonSchema()));
