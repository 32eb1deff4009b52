import { findConfig } from './find-config.ts';
import type { LoadAnswer, LoadRequest } from './loaded.ts';
import { readTaskText } from './task-text.ts';

/** How the config loader is started. */
export interface LoaderOptions {
  /** The compiled entry of the config loader, absolute: `dist/config-loader.cjs`. */
  readonly loaderFile: string;
  /** How long it may take before it is killed; default 60 000. */
  readonly deadlineMs?: number;
  /** Kills the loader; the answer then says that loading was cancelled. */
  readonly signal?: AbortSignal;
}

/**
 * Finds, checks and resolves the chains that were asked for. The user's configuration and modules run in a
 * process of their own, which is killed with all its children when it takes too long. Where there is no
 * configuration file and no function, there is no process and nothing to load for it either.
 */
export async function loadChains(request: LoadRequest, options: LoaderOptions): Promise<LoadAnswer> {
  const found = findConfig(request.directory);
  switch (found.kind) {
    case 'several': {
      const files = found.names.join(' and ');
      const message = `Cannot choose the configuration: found ${files}, keep one of them`;
      return rejected(request.directory, message);
    }
    case 'unreadable':
      return rejected(request.directory, found.problem);
    case 'found':
      return askTheLoader(request, options);
    case 'none':
      return !request.areChains && request.arguments.some(isFunction)
        ? askTheLoader(request, options)
        : loadWithoutCode(request);
  }
}

function rejected(at: string, message: string): LoadAnswer {
  return { kind: 'rejected', problems: [{ at, path: null, message }] };
}

function isFunction(text: string): boolean {
  return readTaskText(text).kind === 'function';
}

async function askTheLoader(request: LoadRequest, options: LoaderOptions): Promise<LoadAnswer> {
  const { askLoader } = await import('./ask-loader.ts');
  return askLoader(request, options);
}

async function loadWithoutCode(request: LoadRequest): Promise<LoadAnswer> {
  const { resolveRequest } = await import('./resolved-request.ts');
  const isLoaderWork = new Error('A function is loaded by the config loader');
  const functions = { find: () => Promise.reject(isLoaderWork), codeVersion: () => '' };
  return resolveRequest(request, { config: null, functions, problems: [] });
}
