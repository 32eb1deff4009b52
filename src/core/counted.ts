/** So many of something, in words: `1 failure`, `25 failures`. */
export function counted(count: number, one: string, many: string = `${one}s`): string {
  return count === 1 ? `1 ${one}` : `${count} ${many}`;
}
