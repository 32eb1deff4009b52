import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { rulesOfBeginning } from '../../test/rules/of-beginning.ts';
import { rulesOfEnding } from '../../test/rules/of-ending.ts';
import { rulesOfWaiting } from '../../test/rules/of-waiting.ts';
import { allSituations, now, type Situation } from '../../test/rules/situations.ts';
import { decide } from './decide.ts';

const rules = [...rulesOfBeginning, ...rulesOfEnding, ...rulesOfWaiting];

describe('in every combination of facts', () => {
  const broken = new Map<string, Situation>();
  let count = 0;
  for (const situation of allSituations()) {
    count += 1;
    const answer = decide(situation.facts, situation.definition, now);
    for (const rule of rules) {
      if (!broken.has(rule.says) && !rule.holds(situation, answer)) broken.set(rule.says, situation);
    }
  }

  for (const rule of rules) {
    test(rule.says, () => {
      const found = broken.get(rule.says);
      if (found === undefined) return;
      const answer = decide(found.facts, found.definition, now);
      assert.fail(`broken by ${JSON.stringify(answer)} to ${JSON.stringify(found)}`);
    });
  }

  test('which are more than four hundred thousand', () => assert.equal(count, 408_240));
});
