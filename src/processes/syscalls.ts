/** The numbers of some system calls on one kind of processor. */
interface SyscallNumbers {
  readonly prctl: number;
  readonly clockGettime: number;
  readonly wait4: number;
}

/**
 * Numbers of `prctl`, `clock_gettime` and `wait4` on Linux, from the kernel's tables (`arch/.../syscall*.tbl` and
 * `include/uapi/asm-generic/unistd.h`). Perl calls them by number, since it has no names for them.
 */
const linuxNumbers: Readonly<Record<string, SyscallNumbers>> = {
  x64: { prctl: 157, clockGettime: 228, wait4: 61 },
  arm64: { prctl: 167, clockGettime: 113, wait4: 260 },
  riscv64: { prctl: 167, clockGettime: 113, wait4: 260 },
  loong64: { prctl: 167, clockGettime: 113, wait4: 260 },
  ppc64: { prctl: 171, clockGettime: 246, wait4: 114 },
  s390x: { prctl: 172, clockGettime: 260, wait4: 114 },
};

/** The numbers of this machine; `null` where they are not known, which weakens the proof that a run is over and measures nothing. */
function syscallNumbers(platform: string, arch: string): SyscallNumbers | null {
  return platform === 'linux' ? (linuxNumbers[arch] ?? null) : null;
}

/** Those of this machine as the words that Perl is handed; zeros where they are not known. */
export function syscallWords(): string {
  const numbers = syscallNumbers(process.platform, process.arch);
  return numbers === null ? '0 0 0' : `${numbers.prctl} ${numbers.clockGettime} ${numbers.wait4}`;
}
