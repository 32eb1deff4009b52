import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { test } from 'node:test';
import { bootMs, createBootClock, type HostClocks } from './boot-clock.ts';
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

test('a suspend counts at once, and whoever sets the wall clock changes nothing', () => {
  const host = new FakeHost();
  const clock = createBootClock(host.clocks);
  assert.equal(clock(), 1_000);
  host.awakeMs += 5;
  host.suspend(40_000);
  assert.equal(clock(), 41_005);
  host.wallMs -= 3_600_000;
  assert.equal(clock(), 41_005);
  host.awakeMs += 7;
  assert.equal(clock(), 41_012);
});

test('a suspend that was hidden by a wall clock set back counts after a second at the latest', () => {
  const host = new FakeHost();
  const clock = createBootClock(host.clocks);
  clock();
  host.suspend(40_000);
  host.wallMs -= 40_000;
  host.awakeMs += 1_000;
  assert.equal(clock(), 42_000);
});

test('the time since boot is looked at once a second, not for each reading', () => {
  const host = new FakeHost();
  const clock = createBootClock(host.clocks);
  for (let reading = 0; reading < 3_000; reading += 1) {
    clock();
    host.awakeMs += 1;
    host.wallMs += 1;
  }
  assert.equal(host.looks, 3);
});

class FakeHost {
  awakeMs = 1_000;
  wallMs = 1_800_000_000_000;
  looks = 0;
  #suspendedMs = 0;
  readonly clocks: HostClocks = {
    uptime: () => {
      this.looks += 1;
      return this.awakeMs + this.#suspendedMs;
    },
    awake: () => this.awakeMs,
    wall: () => this.wallMs,
  };

  suspend(ms: number): void {
    this.#suspendedMs += ms;
    this.wallMs += ms;
  }
}
