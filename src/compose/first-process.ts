import { findPerl } from '../processes/perl.ts';
import { syscallWords } from '../processes/syscalls.ts';
import { runBelowInit } from '../system/container.ts';
import { initScript } from '../system/own-files.ts';

/** As PID 1 of a container: starts this program anew below a process that does what PID 1 has to. @throws PerlMissing */
export function startBelowInit(path: string): void {
  runBelowInit(findPerl(path), initScript(), syscallWords());
}
