/** Bugs in workers, in their identity, and in what is known of processes. @type {readonly import('./bugs.mjs').Bug[]} */
export const processBugs = [
  {
    name: 'lock-at-a-low-descriptor',
    why: 'Node takes the lock from the children of a function, so that a second run starts beside what is left of the first.',
    file: 'src/worker/worker.pl',
    find: "if ($mode eq 'share') { take_many_locks() } else { take_lock($lock) }",
    put: `if ($mode eq 'share') { take_many_locks() }
else {
  my $high = $lock;
  my $low;
  { local $^F = 97; open $low, '<&', $high or die "cannot move the lock: $!\\n" }
  close $high;
  $lock = $low;
  take_lock($lock);
}`,
    caughtBy: ['test/e2e/processes', '--named=a task gets standard input, output and error'],
  },
  {
    name: 'locked-again-on-the-same-open-file',
    why: 'After the worker was killed its run goes on, and the next one starts beside it.',
    file: 'src/worker/spawn-worker.ts',
    find: `function open(path: string, mode: number, opened: number[]): number {
  const descriptor = openSync(path, mode | constants.O_CREAT | constants.O_NOFOLLOW, 0o600);
  opened.push(descriptor);`,
    put: `const kept = new Map<string, number>();

function open(path: string, mode: number, opened: number[]): number {
  const known = kept.get(path);
  if (known !== undefined) return known;
  const descriptor = openSync(path, mode | constants.O_CREAT | constants.O_NOFOLLOW, 0o600);
  if (mode === constants.O_RDONLY) kept.set(path, descriptor);
  else opened.push(descriptor);`,
    caughtBy: ['test/e2e/processes', '--named=a lock file that is removed'],
  },
  {
    name: 'lock-not-passed-on',
    why: 'A run that outlives its runner and its worker does not keep the next runner from starting another.',
    file: 'src/worker/worker.pl',
    find: "close $lock if $leftovers eq 'allow';",
    put: 'close $lock;',
    caughtBy: ['test/e2e/processes', '--named=a task gets standard input, output and error'],
  },
  {
    name: 'no-subreaper',
    why: 'What a run starts in a session of its own is lost from sight, and the next run starts beside it.',
    file: 'src/worker/worker.pl',
    find: 'syscall $sys_prctl, $set_child_subreaper, 1, 0, 0, 0 if $sys_prctl;',
    put: '',
    caughtBy: ['test/e2e/processes', '--named=a process in a session of its own'],
  },
  {
    name: 'leftovers-not-waited-for',
    why: 'The next run of a task starts while processes of the one before still work.',
    file: 'src/worker/worker.pl',
    find: "my $is_over = $leftovers eq 'allow' || !has_children();",
    put: 'my $is_over = 1;',
    caughtBy: ['test/e2e/processes', '--named=a process in a session of its own'],
  },
  {
    name: 'exit-137-as-a-signal',
    why: 'A task that says 137 is told as killed, and people look for who killed it.',
    file: 'src/worker/worker.pl',
    find: 'my $signal = $status & 127;',
    put: 'my $signal = $status & 127 || ($status >> 8 > 128 ? ($status >> 8) - 128 : 0);',
    caughtBy: ['test/e2e/endings', '--named=the command worker records'],
  },
  {
    name: 'journal-after-message',
    why: 'A runner that dies as a run ends makes the next one say that it was interrupted.',
    file: 'src/worker/worker.pl',
    find: `record("$line\\n");
  syswrite $messages, "$line $rest\\n";`,
    put: `syswrite $messages, "$line $rest\\n";
  record("$line\\n");`,
    caughtBy: ['test/worker/journal-first'],
  },
  {
    name: 'stopped-process-not-continued',
    why: 'A task that is stopped never hears that it should end, and is killed without having cleaned up.',
    file: 'src/worker/end-run.ts',
    find: "send(entry, 'SIGCONT');",
    put: '',
    caughtBy: ['test/e2e/processes', '--named=a run that is stopped by SIGSTOP'],
  },
  {
    name: 'kill-by-a-bare-pid',
    why: 'A process of somebody else that has been given the id of one that ended is killed.',
    file: 'src/worker/end-run.ts',
    find: 'if (worker !== null && isAlive(worker, boot)) {',
    put: 'if (worker !== null && (isAlive(worker, boot) || readProcess(worker.pid) !== null)) {',
    caughtBy: ['src/worker/end-run'],
  },
  {
    name: 'reused-pid-taken-for-the-worker',
    why: 'Any program that has been given the id of a dead worker is killed, with all that it has started.',
    file: 'src/processes/process-table.ts',
    find: 'return entry !== null && !entry.isZombie && entry.startedTicks === identity.startedTicks;',
    put: 'return entry !== null && !entry.isZombie;',
    caughtBy: ['src/worker/end-run'],
  },
  {
    name: 'signal-to-process-group-0',
    why: 'A runner whose state names no process signals itself and all that it has started.',
    file: 'src/processes/process-table.ts',
    find: 'if (identity.pid <= 1 || !isAlive(identity, boot)) return;',
    put: 'if (identity.boot !== boot) return;',
    caughtBy: ['src/processes/process-table'],
  },
  {
    name: 'stray-by-its-session-alone',
    why: 'Programs that have been given the session number of a dead worker are in the way of its chain, or killed.',
    file: 'src/worker/end-run.ts',
    find: 'if (entry.session !== session) return false;',
    put: 'if (entry.session === session) return true;',
    caughtBy: ['src/worker/end-run'],
  },
  {
    name: 'exit-0-as-success',
    why: 'A function that a library ends by process.exit(0) counts as done.',
    file: 'src/worker/function/main.ts',
    find: "process.on('uncaughtException', (error) => failAndEnd(error));",
    put: `process.on('uncaughtException', (error) => failAndEnd(error));
process.on('exit', (code) => {
  if (current !== null && code === 0) end(current, { kind: 'succeeded' });
});`,
    caughtBy: ['test/e2e/processes', '--named=in a function is no success'],
  },
  {
    name: 'user-without-group',
    why: 'A task of an ordinary user can read and write all that belongs to the group of root.',
    file: 'src/processes/launch.ts',
    find: "`--regid=${gid}`, `--groups=${groups.join(',')}`",
    put: "`--regid=0`, `--groups=${[gid, ...groups].join(',')}`",
    caughtBy: ['src/processes/launch'],
  },
  {
    name: 'groups-not-set',
    why: 'A task cannot read what its user may read by one of its groups.',
    file: 'src/processes/launch.ts',
    find: "`--groups=${groups.join(',')}`",
    put: "`--groups=${groups.slice(0, 1).join(',')}`",
    caughtBy: ['src/processes/launch'],
  },
  {
    name: 'home-of-root-kept',
    why: 'A task of another user looks for its settings, and writes them, in the folder of root.',
    file: 'src/config/environment.ts',
    find: "    ['HOME', home],\n",
    put: "    ['HOME', process.env['HOME'] ?? home],\n",
    caughtBy: ['test/e2e/identity', '--named=a run has the user'],
  },
  {
    name: 'identity-not-verified',
    why: 'A task runs with the priority of the runner where the host refuses another one, and nobody is told.',
    file: 'src/worker/workers.ts',
    find: 'const difference = isRunnersOwn(identity) ? null : readDifference(identity, this.#child?.pid ?? 0);',
    put: 'const difference = isRunnersOwn(identity) ? readDifference(identity, this.#child?.pid ?? 0) : null;',
    caughtBy: ['test/e2e/identity', '--named=a priority that the system gives in words only'],
  },
  {
    name: 'timer-of-2-to-the-31',
    why: 'A cooldown of 25 days keeps a processor busy, because its timer ends after a millisecond, again and again.',
    file: 'src/system/clock.ts',
    find: 'const remainingMs = Math.min(durationBetween(monotonic(), alarm.moment), longestTimerMs);',
    put: 'const remainingMs = Math.min(durationBetween(monotonic(), alarm.moment), 2 * longestTimerMs);',
    caughtBy: ['src/system/clock'],
  },
  {
    name: 'log-compressed-by-two',
    why: 'While one runner takes over from another, a log that both compress may be left empty.',
    file: 'src/log/compress.ts',
    find: 'own="$1.$$.gz.tmp"',
    put: 'own="$1.gz.tmp"',
    caughtBy: ['src/log/aside-files'],
  },
  {
    name: 'timer-early',
    why: 'A chain begins up to 2 ms before its cooldown has ended.',
    file: 'src/system/clock.ts',
    find: 'if (durationBetween(monotonic(), alarm.moment) > 0) {',
    put: 'if (durationBetween(monotonic(), alarm.moment) > suspendThresholdMs) {',
    caughtBy: ['src/system/clock'],
  },
  {
    name: 'perl-of-the-tasks-in-the-worker',
    why: 'A PERL5OPT that is meant for the tasks keeps their worker from starting.',
    file: 'src/worker/spawn-worker.ts',
    find: '      env: hideFromPerl(launch.environment),',
    put: '      env: launch.environment,',
    caughtBy: ['test/e2e/perl-environment', '--named=a worker for commands'],
  },
  {
    name: 'suspend-unseen-for-a-second',
    why: 'A run that ends right after the host was suspended counts as ended before it, so that its cooldown is too short.',
    file: 'src/processes/boot-clock.ts',
    find: '    if (awakeMs - lookedAtMs >= lookMs || Math.abs(leadMs - wallLeadMs) >= sameMs) {',
    put: '    if (awakeMs - lookedAtMs >= lookMs || Math.abs(leadMs - wallLeadMs) < -sameMs) {',
    caughtBy: ['src/processes/boot-clock'],
  },
];
