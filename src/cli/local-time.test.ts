import assert from 'node:assert/strict';
import { afterEach, describe, test } from 'node:test';
import fc from 'fast-check';
import { localTime } from './local-time.ts';

const zoneBefore = process.env['TZ'];

describe('a moment as people write it', () => {
  afterEach(() => {
    if (zoneBefore === undefined) delete process.env['TZ'];
    else process.env['TZ'] = zoneBefore;
  });

  for (const zone of [
    'UTC',
    'Europe/Paris',
    'America/St_Johns',
    'Australia/Lord_Howe',
    'Pacific/Kiritimati',
  ]) {
    test(`is what the calendar and the clock of ${zone} say, in summer and winter`, () => {
      process.env['TZ'] = zone;
      const moments = fc.date({
        min: new Date('2000-01-01'),
        max: new Date('2100-01-01'),
        noInvalidDate: true,
      });
      fc.assert(
        fc.property(moments, (moment) => {
          assert.equal(localTime(moment.getTime()), moment.toLocaleString('sv', { timeZone: zone }));
        }),
      );
    });
  }

  test('follows the change to summer time', () => {
    process.env['TZ'] = 'Europe/Paris';
    assert.equal(localTime(Date.parse('2026-03-29T00:59:59Z')), '2026-03-29 01:59:59');
    assert.equal(localTime(Date.parse('2026-03-29T01:00:00Z')), '2026-03-29 03:00:00');
  });
});
