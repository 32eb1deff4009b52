import { writeSync } from 'node:fs';
import { text } from 'node:stream/consumers';
import { relative } from 'node:path';
import { fileURLToPath } from 'node:url';
import { hasErrorCode } from '../../core/error-code.ts';
import { describeUserError } from '../../user-code/user-error.ts';
import type { LoadRequest } from '../loaded.ts';
import type { LoaderMessage } from '../loader-message.ts';
import type { Problem } from '../problem.ts';
import { answerRequest } from './answer.ts';
import { answerImport } from './answer-import.ts';
import { importMode } from './import-as-user.ts';
import { readRequest } from './request.ts';

// The config loader: a short-lived process that takes a request on its standard input, imports the user's
// configuration and modules, answers on descriptor 3 and ends. See load.ts, which starts it.

const answerDescriptor = 3;
const loaderFile = fileURLToPath(import.meta.url);
let importingModule: string | null = null;

void (process.argv[2] === importMode ? answerImport() : answer());

async function answer(): Promise<never> {
  const request = readRequest(await text(process.stdin));
  process.on('uncaughtException', (error) => answerUserError(error, request));
  process.on('unhandledRejection', (error) => answerUserError(error, request));
  process.on('beforeExit', answerNeverImported);
  send({ kind: 'answer', answer: await answerRequest(request, { importing, loaderFile }) });
  process.exit(0);
}

function importing(module: string): void {
  importingModule = module;
  send({ kind: 'importing', module });
}

/** What a module left to happen later went wrong. Without a module it is a bug of ours. */
function answerUserError(error: unknown, request: LoadRequest): never {
  if (importingModule === null) throw error;
  const { message, at } = describeUserError(error, request.directory);
  const place = at === null ? importingModule : relative(request.directory, at);
  reject({ at: place, path: null, message: `Cannot import "${importingModule}": ${message}` });
}

/** Nothing is left to happen, so what the module waits for never comes. */
function answerNeverImported(): never {
  const module = importingModule ?? 'the configuration';
  const message = `Cannot import "${module}": its top level waits ("await") for something that never happens, take that out`;
  reject({ at: module, path: null, message });
}

function reject(problem: Problem): never {
  send({ kind: 'answer', answer: { kind: 'rejected', problems: [problem] } });
  process.exit(0);
}

function send(message: LoaderMessage): void {
  try {
    writeSync(answerDescriptor, `${JSON.stringify(message)}\n`);
  } catch (error) {
    // Whoever asked is gone: there is nobody to tell, and nothing left to do.
    if (hasErrorCode(error, 'EPIPE')) process.exit(1);
    throw error;
  }
}
