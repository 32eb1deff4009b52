/** Whether the operating system refused something, such as for want of room: no bug, and no reason to stop a chain. */
export function isSystemRefusal(error: unknown): error is Error {
  return error instanceof Error && 'syscall' in error;
}
