import {
  cpSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  renameSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { runnerFile } from './runner-process.ts';

/** An installation of its own, in which one version takes the place of another as an update does it. */
export interface Installation {
  /** The file of the command; the same for all versions. */
  readonly program: string;
  /** Puts this version there. Its parts have other names, as after each build. */
  install(version: string): void;
  remove(): void;
}

/** Made of the package that the tests use. */
export function createInstallation(): Installation {
  const source = dirname(dirname(runnerFile));
  const modules = dirname(source);
  const root = mkdtempSync(join(tmpdir(), 'runner-installed-'));
  const target = join(root, 'node_modules', 'yourlabs-runner');
  const present = versionOf(source);
  cpSync(source, target, { recursive: true });
  for (const name of readdirSync(modules)) {
    if (name !== 'yourlabs-runner') symlinkSync(join(modules, name), join(root, 'node_modules', name));
  }
  return {
    program: join(target, 'dist', 'runner.cjs'),
    install(version) {
      rmSync(target, { recursive: true });
      cpSync(source, target, { recursive: true });
      renumber(target, present, version);
    },
    remove: () => rmSync(root, { recursive: true, force: true }),
  };
}

function renumber(folder: string, from: string, to: string): void {
  const chunks = join(folder, 'dist', 'chunks');
  const names = readdirSync(chunks);
  for (const name of names) renameSync(join(chunks, name), join(chunks, `v${to}-${name}`));
  const files = readdirSync(folder, { recursive: true, encoding: 'utf8' });
  for (const file of files.filter((name) => /\.c?js$|^package\.json$/.test(name))) {
    const path = join(folder, file);
    let text = readFileSync(path, 'utf8').replaceAll(`"${from}"`, `"${to}"`);
    for (const name of names) text = text.replaceAll(`/${name}"`, `/v${to}-${name}"`);
    if (file.endsWith('.cjs')) text += `// of version ${to}\n`;
    writeFileSync(path, text);
  }
}

function versionOf(folder: string): string {
  return /"version": "(.*)"/.exec(readFileSync(join(folder, 'package.json'), 'utf8'))?.[1] ?? '';
}
