/** What this process knows of itself. */
export const ownProcess: { readonly pid: number; readonly memoryBytes: () => number } = {
  pid: process.pid,
  /** The resident memory, in bytes. */
  memoryBytes: () => process.memoryUsage.rss(),
};
