import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { test } from 'node:test';
import { configJsonSchema } from '../../src/config/json-schema.ts';
import { withOptionsTable } from '../../src/config/options-table.ts';
import { Project } from './project.ts';

const markdown = readFileSync(new URL('../../../docs/configuration.md', import.meta.url), 'utf8');

test('the table of options in docs/configuration.md is what the schema says', () => {
  const message = 'Run "node scripts/configuration-docs.mjs"';
  assert.equal(markdown, withOptionsTable(markdown, configJsonSchema()), message);
});

test('every option in the JSON Schema has a description', () => {
  const nameless: string[] = [];
  const look = (node: unknown, path: string): void => {
    if (typeof node !== 'object' || node === null) return;
    for (const [key, child] of Object.entries(node)) {
      if (path.endsWith('.properties') && !('description' in child)) nameless.push(`${path}.${key}`);
      look(child, `${path}.${key}`);
    }
  };
  look(configJsonSchema(), '');
  assert.deepEqual(nameless, []);
});

test('the examples in docs/configuration.md are sound and mean the same', async (t) => {
  const [typescript = '', yaml = ''] = [...markdown.matchAll(/```(?:ts|yaml)\n([^]*?)```/g)].map(
    ([, text]) => text,
  );
  const files = { 'tasks.mjs': 'export function sendMail() {}', 'manage.py': '#!/bin/sh\n' };
  const [one, other] = [new Project(t, files), new Project(t, files)];
  one.write('runner.config.ts', typescript);
  other.write('runner.config.yaml', yaml);
  const shown = await Promise.all(
    [one, other].map(async (project) => {
      project.installLibrary();
      project.makeExecutable('manage.py');
      const { values } = await project.loadChain();
      return values
        .filter(({ path }) => path !== 'directory')
        .map(({ path, shown: value }) => `${path} ${value}`);
    }),
  );
  assert.deepEqual(shown[0], shown[1]);
});
