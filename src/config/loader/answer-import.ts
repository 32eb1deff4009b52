import { writeSync } from 'node:fs';
import { text } from 'node:stream/consumers';
import { describeUserError } from '../../user-code/user-error.ts';
import { checkData } from './checked-data.ts';
import { importFunction, readImportRequest, type ImportAnswer, type OptionProblem } from './import-answer.ts';
import { toPlainData, type TellValue } from './plain-data.ts';

const answerDescriptor = 3;

/** Imports the one module that standard input names, as the user of this process, answers on descriptor 3 and ends. */
export async function answerImport(): Promise<never> {
  const request = readImportRequest(await text(process.stdin));
  const fail = (error: unknown): never =>
    answer({ kind: 'failed', ...describeUserError(error, request.root) });
  process.on('uncaughtException', fail);
  process.on('unhandledRejection', fail);
  // Nothing is left to happen, so what the module waits for never comes.
  process.on('beforeExit', () => {
    const message = 'its top level waits ("await") for something that never happens, take that out';
    answer({ kind: 'failed', message, at: null });
  });
  const found = await importFunction(request);
  return answer(found.kind === 'function' ? await asData(found.options) : found);
}

/** Not everything that code can write is data; what is not is told here, because it would get lost on the way. */
async function asData(written: unknown): Promise<ImportAnswer> {
  if (written === undefined) return { kind: 'function', options: undefined, problems: [] };
  const problems: OptionProblem[] = [];
  const tell: TellValue = (path, message) => problems.push({ path, message });
  const options = toPlainData(written, tell);
  const { taskOptionsSchema } = await import('../schema.ts');
  checkData(taskOptionsSchema, options, tell);
  return { kind: 'function', options, problems };
}

function answer(message: ImportAnswer): never {
  writeSync(answerDescriptor, JSON.stringify(message));
  process.exit(0);
}
