import { chmodSync, mkdirSync, mkdtempSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import type { TestContext } from 'node:test';
import { fileURLToPath } from 'node:url';
import { loadChains, type LoaderOptions } from '../../src/config/load.ts';
import type { LoadAnswer, LoadedChain, LoadRequest } from '../../src/config/loaded.ts';
import { explainProblems } from '../../src/config/problem.ts';

const sources = fileURLToPath(new URL('../../src', import.meta.url));
/** The compiled config loader. */
export const loaderFile: string = join(sources, 'config/loader/main.js');

/** What differs from a plain request. */
export type Asked = Partial<Omit<LoadRequest, 'directory'>>;

/** A project in a folder of its own, which goes with the test. Files that end in `.sh` may be executed. */
export class Project {
  readonly directory: string;

  constructor(test: Pick<TestContext, 'after'>, files: Readonly<Record<string, string>>) {
    this.directory = mkdtempSync(join(tmpdir(), 'runner-config-'));
    test.after(() => rmSync(this.directory, { recursive: true, force: true }));
    for (const [name, text] of Object.entries(files)) this.write(name, text);
  }

  write(name: string, text: string): void {
    const path = join(this.directory, name);
    mkdirSync(dirname(path), { recursive: true });
    writeFileSync(path, text);
    if (name.endsWith('.sh')) this.makeExecutable(name);
  }

  makeExecutable(name: string): void {
    chmodSync(join(this.directory, name), 0o755);
  }

  /** Makes `import 'yourlabs-runner'` find the library. */
  installLibrary(): void {
    const folder = join(this.directory, 'node_modules/yourlabs-runner');
    this.write(
      'node_modules/yourlabs-runner/package.json',
      '{ "type": "module", "exports": "./src/index.js" }',
    );
    symlinkSync(sources, join(folder, 'src'));
  }

  request(asked: Asked = {}): LoadRequest {
    return {
      directory: this.directory,
      arguments: [],
      areChains: false,
      options: {},
      host: 'web-1',
      cacheDirectory: join(this.directory, '.runner/jiti'),
      ...asked,
      environment: { PATH: '/usr/local/bin:/usr/bin:/bin', ...asked.environment },
    };
  }

  /** Loads as the runner does, with the loader in a process of its own. */
  load(asked: Asked = {}, options: Partial<LoaderOptions> = {}): Promise<LoadAnswer> {
    return loadChains(this.request(asked), {
      loaderFile,
      ...options,
    });
  }

  async loadChains(asked: Asked = {}): Promise<readonly LoadedChain[]> {
    const answer = await this.load(asked);
    if (answer.kind === 'rejected') throw new Error(explainProblems(answer.problems));
    return answer.chains;
  }

  async loadChain(asked: Asked = {}): Promise<LoadedChain> {
    const [chain] = await this.loadChains(asked);
    if (chain === undefined) throw new Error('There is no chain');
    return chain;
  }

  /** What is told, with the project root as `/project`. */
  async problems(asked: Asked = {}, options: Partial<LoaderOptions> = {}): Promise<string> {
    return this.told(await this.load(asked, options));
  }

  told(answer: LoadAnswer): string {
    if (answer.kind === 'loaded') return '';
    return explainProblems(answer.problems)
      .replace(/\n+\d+ problems?; nothing was started\n$/, '')
      .replaceAll(this.directory, '/project');
  }
}
