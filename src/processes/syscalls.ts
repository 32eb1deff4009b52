/** The numbers of two system calls on one kind of processor. */
interface SyscallNumbers {
  readonly prctl: number;
  readonly clockGettime: number;
}

/**
 * Numbers of `prctl` and `clock_gettime` on Linux, from the kernel's tables (`arch/.../syscall*.tbl` and
 * `include/uapi/asm-generic/unistd.h`). Perl calls them by number, since it has no names for them.
 */
const linuxNumbers: Readonly<Record<string, SyscallNumbers>> = {
  x64: { prctl: 157, clockGettime: 228 },
  arm64: { prctl: 167, clockGettime: 113 },
  riscv64: { prctl: 167, clockGettime: 113 },
  loong64: { prctl: 167, clockGettime: 113 },
  ppc64: { prctl: 171, clockGettime: 246 },
  s390x: { prctl: 172, clockGettime: 260 },
};

/** The numbers of this machine; `null` where they are not known, which weakens the proof that a run is over. */
function syscallNumbers(platform: string, arch: string): SyscallNumbers | null {
  return platform === 'linux' ? (linuxNumbers[arch] ?? null) : null;
}

/** Those of this machine as the words that Perl is handed; zeros where they are not known. */
export function syscallWords(): string {
  const numbers = syscallNumbers(process.platform, process.arch);
  return numbers === null ? '0 0' : `${numbers.prctl} ${numbers.clockGettime}`;
}
