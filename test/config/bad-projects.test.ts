import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { describe, test } from 'node:test';
import { findConfig } from '../../src/config/find-config.ts';
import { answerRequest } from '../../src/config/loader/answer.ts';
import { unclearBlock } from '../fuzz/unclear.ts';
import { readCorpus } from './corpus.ts';
import { loaderFile, Project } from './project.ts';

// The corpus holds data, and code that is harmless, so the loader's work is done in this process, which is faster.
const corpus = readCorpus(
  readFileSync(new URL('../../../test/fixtures/config/bad.txt', import.meta.url), 'utf8'),
);

describe('a project is refused with one clear message for each mistake:', () => {
  for (const bad of corpus) {
    test(bad.name, async (t) => {
      const project = new Project(t, Object.fromEntries(bad.files));
      const { arguments: words, options, environment } = bad;
      const request = project.request({ arguments: words, options, environment });
      const isInProcess = findConfig(project.directory).kind === 'found';
      const answer = isInProcess
        ? await answerRequest(request, { importing: () => undefined, loaderFile })
        : await project.load({ arguments: words, options, environment });
      assert.equal(project.told(answer), bad.expected);
    });
  }
});

test('the corpus holds at least 300 mistakes, and each message is clear by the rules of test/fuzz/unclear.ts', () => {
  assert.ok(corpus.length >= 300);
  for (const { name, expected } of corpus) {
    for (const block of expected.split('\n\n')) {
      // What the user's own code threw is told in its words.
      if (!/Cannot (?:import|call) the configuration: /.test(block))
        assert.equal(unclearBlock(block), null, name);
    }
  }
});
