/**
 * Whether the system refused to write or to open a file: no room, a broken disk, too many open files. A line is lost then,
 * and nothing else: the runner still hears how the run ended; only one that died meanwhile would not.
 */
export function isRefusedWrite(error: unknown): boolean {
  return error instanceof Error && 'syscall' in error && ['open', 'write'].includes(String(error.syscall));
}
