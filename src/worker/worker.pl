# The worker of one chain: it holds the chain's lock, and runs the chain's commands one at a time.
# What it says and hears is written down in docs/worker-protocol.md.
#
#   worker.pl command           runs commands itself
#   worker.pl exec PROGRAM ...  takes the lock, then becomes PROGRAM, another kind of worker
#   worker.pl share PROGRAM ... takes the locks of many chains, then becomes PROGRAM, a worker for all of them
#
# Descriptors: 0 /dev/null, 1 and 2 the chain's log, 3 requests, 4 messages, 5 the journal, 97 the lock.
# RUNNER_SYSCALLS holds this machine's numbers of prctl, clock_gettime and wait4, or zeros where there are none.
# RUNNER_UMASK holds the umask as octal digits, where one is set, and RUNNER_ENV_NAME what is to become NAME. PERL_BADLANG
# is for this program alone.
#
# Why Perl: it is there on nearly every Linux, its process is small and forks fast, and it tells an exit status
# from a signal, and a program that could not be started from one that failed; a shell can do neither.
use strict;

my ($mode, @program) = @ARGV;
umask oct delete $ENV{RUNNER_UMASK} if exists $ENV{RUNNER_UMASK};
delete $ENV{PERL_BADLANG};
# What the programs that made this process another user's, or perl itself, were not to see of the environment.
for my $name (grep { /^RUNNER_ENV_/ } keys %ENV) { $ENV{substr $name, 11} = delete $ENV{$name} }
my ($sys_prctl, $sys_clock_gettime, $sys_wait4) = split / /, delete $ENV{RUNNER_SYSCALLS};
# What wait4 fills: the status of a child, and what it took: two times of two words each, the memory, and more.
my ($status_bytes, $usage_bytes) = ("\0" x 4, "\0" x 144);
my ($clock_realtime, $clock_boottime) = (0, 7);
my ($EINTR, $ENOSPC, $EDQUOT) = (4, 28, 122);
my ($lock_exclusive_now, $without_waiting, $set_child_subreaper, $duplicate) = (2 | 4, 1, 36, 0);

# A lock must pass to every process of a run, so it keeps no close-on-exec flag; nor does what PROGRAM needs.
my ($lock, @locks, $requests, $messages, $journal);
if ($mode ne 'share') { local $^F = 97; open $lock, '<&=', 97 or die "cannot use descriptor 97: $!\n" }
{
  local $^F = $mode eq 'command' ? 2 : 97;
  open $requests, '<&=', 3 or die "cannot use descriptor 3: $!\n";
  open $messages, '>&=', 4 or die "cannot use descriptor 4: $!\n";
  $mode eq 'share' or open $journal, '>>&=', 5 or die "cannot use descriptor 5: $!\n";
}
close_foreign_descriptors();

# A signal meant for the run must not end its worker: only the worker knows how the run ends. These are
# handlers, not 'IGNORE', which every command would inherit. XCPU comes where the time on a processor is limited: that
# is meant for each command, and the worker itself gets old.
$SIG{$_} = sub { } for qw(TERM INT HUP QUIT USR1 USR2 ALRM PIPE XCPU);

# With SIGCHLD ignored the kernel would throw the status of a run away.
$SIG{CHLD} = 'DEFAULT';

# Whatever a run starts and loses becomes a child of this process, wherever it hides.
syscall $sys_prctl, $set_child_subreaper, 1, 0, 0, 0 if $sys_prctl;

my $heard = '';
# What the journal did not take.
my $unwritten = '';
if ($mode eq 'share') { take_many_locks() } else { take_lock($lock) }
report('locked');
if ($mode ne 'command') {
  exec { $program[0] } @program;
  report('failed', "cannot start $program[0]: $!");
  exit 1;
}

my ($chain, $leftovers, @tasks);
pipe my $complaint, my $complain or die "cannot make a pipe: $!\n";
# This cannot work; but it makes the dynamic linker look `execv` up once, here, and not in each child.
exec { '/' } '/';
while (defined(my $line = next_request())) {
  my ($verb, @words) = map { decode($_) } split / /, $line;
  if ($verb eq 'chain') { ($chain, $leftovers) = @words; $ENV{RUNNER_CHAIN} = $chain }
  elsif ($verb eq 'task') { my ($index, $kind, @argv) = @words; $tasks[$index] = \@argv }
  elsif ($verb eq 'load') { report('ready') }
  elsif ($verb eq 'run') { run_task(@words) }
}
exit 0;

sub run_task {
  my ($number, $index, $pass, $fence, $task) = @_;
  # All that can be done before the fork is: the child copies each page of memory that it or this process touches.
  @ENV{qw(RUNNER_TASK RUNNER_RUN RUNNER_PASS RUNNER_FENCE)} = ($task, $number, $pass, $fence);
  my $argv = $tasks[$index];
  my $program = $argv->[0];
  my ($boot, $wall) = moment();
  # What came before is stored by now, whether it is in the journal or not.
  $unwritten = '';
  record("began $number $fence $boot $wall\n");
  my $pid = fork;
  if (!$pid) {
    return ended($number, $boot, '- -', "unstartable " . encode("$!"), 'over') if !defined $pid;
    setpgrp 0, 0;
    # What may be left behind must not keep the lock from the next worker.
    close $lock if $leftovers eq 'allow';
    exec { $program } @$argv;
    syswrite $complain, "$program: $!";
    exit 127;
  }
  setpgrp $pid, $pid;
  my ($status, $usage) = wait_for($pid);
  my $is_over = $leftovers eq 'allow' || !has_children();
  ended($number, $boot, $usage || '- -', ending($status), $is_over ? 'over' : 'left');
  return if $is_over;
  wait_for(-1);
  report('over', $number);
}

# Waits for one child, or for all of them (-1), and reaps whatever ends meanwhile. Gives the status of that one child,
# and its milliseconds of CPU and KiB of memory, its own children included that it waited for.
sub wait_for {
  my ($wanted) = @_;
  while (1) {
    my $reaped = $sys_wait4 ? syscall $sys_wait4, -1, $status_bytes, 0, $usage_bytes : waitpid -1, 0;
    if ($reaped == $wanted && $reaped > 0) {
      return $sys_wait4 ? (unpack('i', $status_bytes), usage()) : ($?, undef);
    }
    return if $reaped == -1 && $! != $EINTR;
  }
}

sub usage {
  my ($user_s, $user_us, $system_s, $system_us, $memory) = unpack 'q5', $usage_bytes;
  my $cpu = int(($user_s + $system_s) * 1000 + ($user_us + $system_us) / 1000);
  return "$cpu $memory";
}

sub has_children {
  while (1) {
    my $reaped = waitpid -1, $without_waiting;
    return 1 if $reaped == 0;
    return 0 if $reaped == -1 && $! != $EINTR;
  }
}

sub ending {
  my ($status) = @_;
  return 'interrupted ' . encode('its end was not told by the kernel') if !defined $status;
  my $signal = $status & 127;
  return "killed $signal" if $signal;
  my $code = $status >> 8;
  if ($code == 127 && (my $text = complaint()) ne '') { return 'unstartable ' . encode($text) }
  return $code == 0 ? 'succeeded' : "exited $code";
}

# What a child wrote that could not become its program; a program that exits with 127 writes nothing here.
sub complaint {
  my $ready = '';
  vec($ready, fileno $complaint, 1) = 1;
  return '' if !select $ready, undef, undef, 0;
  sysread $complaint, my $text, 4096;
  return $text;
}

# First the journal, which outlives the runner, then the runner.
sub ended {
  my ($number, $began, $usage, $ending, $rest) = @_;
  my ($boot, $wall) = moment();
  my $line = "ended $number $boot $wall " . ($boot - $began) . " $usage $ending";
  record("$line\n");
  syswrite $messages, "$line $rest\n";
}

# On a full disk the runner still hears of the end, and what is not in the journal waits for room until it is stored.
sub record {
  $unwritten .= $_[0];
  my $written = syswrite $journal, $unwritten;
  if (defined $written && $written == length $unwritten) { $unwritten = '' }
  # The line that was cut short ends here; then it comes again, whole.
  elsif ($written) { $unwritten = "\n$unwritten" }
  # A broken disk never takes it.
  elsif (!defined $written && $! != $ENOSPC && $! != $EDQUOT) { $unwritten = '' }
}

sub report { syswrite $messages, join(' ', map { encode($_) } @_) . "\n" }

# Milliseconds since boot and since 1970; where the first is not to be had, the second stands for both.
sub moment {
  return ((time * 1000) x 2) if !$sys_clock_gettime;
  return (clock($clock_boottime), clock($clock_realtime));
}

sub clock {
  my $time = "\0" x 16;
  syscall $sys_clock_gettime, $_[0], $time;
  my ($seconds, $nanoseconds) = unpack 'q2', $time;
  return $seconds * 1000 + int($nanoseconds / 1_000_000);
}

# Takes the lock of each chain that the runner names, all of them before anything runs. They get descriptors from 97 on,
# in the order in which they were named: those that Node finds without a gap after the first it closes for its children.
sub take_many_locks {
  local $^F = 1_000_000;
  while ((my $line = next_request()) ne 'take') {
    my ($verb, $chain, $path) = map { decode($_) } split / /, $line;
    my ($low, $file);
    my $number = open($low, '<', $path) && fcntl $low, $duplicate, 97;
    if (!$number || !open $file, '<&=', $number) {
      report('failed', "cannot open $path: $!");
      exit 1;
    }
    push @locks, [$chain, $number, $file];
  }
  for (@locks) {
    my ($chain, $number, $file) = @$_;
    take_lock($file, $chain);
    report('held', $chain, $number, (stat $file)[1]);
  }
}

# Says once that somebody else has the lock, then waits for it, and gives up when the runner is gone.
sub take_lock {
  my ($file, @whose) = @_;
  my $pause = 0.02;
  my $has_told = 0;
  until (flock $file, $lock_exclusive_now) {
    report('blocked', @whose) if !$has_told++;
    hear($pause);
    $pause *= 1.5 if $pause < 0.5;
  }
}

sub next_request {
  hear() until $heard =~ s/^([^\n]*)\n//;
  return $1;
}

# Takes in what the runner says, within `$patience` seconds if given. No runner, nothing to do: the end.
sub hear {
  my ($patience) = @_;
  if (defined $patience) {
    my $ready = '';
    vec($ready, fileno $requests, 1) = 1;
    return if !(select $ready, undef, undef, $patience);
  }
  my $read = sysread $requests, $heard, 65536, length $heard;
  return if !defined $read && $! == $EINTR;
  leave() if !$read;
}

# Without a runner the journal alone tells the next one how the run ended, and the lock keeps that one waiting for it.
sub leave {
  while ($unwritten ne '') {
    record('');
    select undef, undef, undef, 0.2 if $unwritten ne '';
  }
  exit 0;
}

# Descriptors that the runner's own parent left open are none of the tasks' business.
sub close_foreign_descriptors {
  opendir my $folder, '/proc/self/fd' or return;
  my %ours = map { $_ => 1 } 0 .. 5, 97, fileno $folder;
  for my $number (grep { /^\d+$/ && !$ours{$_} } readdir $folder) {
    open my $foreign, '<&=', $number or next;
    close $foreign;
  }
}

# A word of the protocol: no blank, no line end, never empty.
sub encode {
  my ($word) = @_;
  $word =~ s/([^A-Za-z0-9_.\/:=@+,-])/sprintf '%%%02X', ord $1/ge;
  return $word eq '' ? '%' : $word;
}

sub decode {
  my ($word) = @_;
  return '' if $word eq '%';
  $word =~ s/%([0-9A-F]{2})/chr hex $1/ge;
  return $word;
}
