import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { test } from 'node:test';
import { bootMs } from './boot-clock.ts';
import { syscallWords } from './syscalls.ts';

/** CLOCK_BOOTTIME in milliseconds, as `worker.pl` reads it. */
const readBootTime = `
  my $time = "\\0" x 16;
  syscall((split / /, $ARGV[0])[1], 7, $time);
  my ($seconds, $nanoseconds) = unpack 'q2', $time;
  print $seconds * 1000 + $nanoseconds / 1e6;`;

test('this process and perl read the same time since boot', () => {
  const before = bootMs();
  const perls = Number(execFileSync('perl', ['-e', readBootTime, syscallWords()], { encoding: 'utf8' }));
  const after = bootMs();
  // A host that was suspended since its boot has a step of 10 ms in ours.
  assert.ok(before - 10 <= perls && perls <= after + 10, `${before} ≤ ${perls} ≤ ${after}`);
});
