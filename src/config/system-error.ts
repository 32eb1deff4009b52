/** Whether the operating system refused something, such as to open a file. */
export function isSystemError(error: unknown): error is NodeJS.ErrnoException & { readonly code: string } {
  return error instanceof Error && 'code' in error && typeof error.code === 'string' && 'syscall' in error;
}

const wordsByCode: Readonly<Record<string, string>> = {
  ENOENT: 'there is no such file',
  ENOTDIR: 'a part of its path is no folder',
  EISDIR: 'it is a folder',
  EACCES: 'this user may not read it',
  EPERM: 'this user may not read it',
  ELOOP: 'its links lead in a circle',
  ENAMETOOLONG: 'its name is too long',
};

/**
 * Why a file cannot be used, in words of people; `null` for what is no such reason but a bug.
 * No path can have a NUL character in it: of that Node tells before it asks the system.
 */
export function explainFileError(error: unknown): string | null {
  if (error instanceof Error && 'code' in error && error.code === 'ERR_INVALID_ARG_VALUE')
    return 'it has a NUL character in its name';
  if (!isSystemError(error)) return null;
  return wordsByCode[error.code] ?? `the system says ${error.code}`;
}
