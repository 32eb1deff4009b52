/** Whether an error carries one of these codes, such as `ENOENT`: the way to catch what one can name. */
export function hasErrorCode(error: unknown, ...codes: readonly string[]): boolean {
  return error instanceof Error && 'code' in error && codes.some((code) => code === error.code);
}
