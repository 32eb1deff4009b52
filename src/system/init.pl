# The first process below PID 1 of a container: starts PROGRAM, hands signals on to it, clears away whatever processes
# end below it, and ends as PROGRAM does. Node cannot clear away processes that it did not start itself.
#
#   init.pl PROGRAM ARGUMENT...
#
# RUNNER_SYSCALLS holds this machine's number of prctl first, or 0 where it is not known. RUNNER_ENV_NAME is what is to become
# NAME for PROGRAM, and PERL_BADLANG is for this program alone.
use strict;

delete $ENV{PERL_BADLANG};
for my $name (grep { /^RUNNER_ENV_/ } keys %ENV) { $ENV{substr $name, 11} = delete $ENV{$name} }
my ($sys_prctl) = split / /, delete $ENV{RUNNER_SYSCALLS} // '0';
my ($EINTR, $set_child_subreaper) = (4, 36);
my @handed_on = qw(TERM INT HUP QUIT USR1 USR2);

# Whatever loses its parent below becomes a child of this process.
syscall $sys_prctl, $set_child_subreaper, 1, 0, 0, 0 if $sys_prctl;

my $main;
for my $signal (@handed_on) {
  $SIG{$signal} = sub { kill $signal, $main if $main };
}
$main = fork;
die "cannot fork: $!\n" if !defined $main;
if (!$main) {
  $SIG{$_} = 'DEFAULT' for @handed_on;
  exec { $ARGV[0] } @ARGV;
  print STDERR "cannot start $ARGV[0]: $!\n";
  exit 127;
}
while (1) {
  my $reaped = waitpid -1, 0;
  next if $reaped == -1 && $! == $EINTR;
  exit 70 if $reaped == -1;
  next if $reaped != $main;
  my $signal = $? & 127;
  exit($signal ? 128 + $signal : $? >> 8);
}
