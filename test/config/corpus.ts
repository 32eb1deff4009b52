import type { TypedOptions } from '../../src/config/loaded.ts';

/** A project with something wrong in it, and what is told about that. */
export interface BadProject {
  readonly name: string;
  readonly files: ReadonlyMap<string, string>;
  readonly arguments: readonly string[];
  readonly options: TypedOptions;
  readonly environment: Readonly<Record<string, string>>;
  readonly expected: string;
}

/**
 * Reads `=== name` and its parts `--- file`, `--- typed WORD... --option=value`, `--- environment NAME=value...`
 * and `--- expected`.
 */
export function readCorpus(text: string): BadProject[] {
  return text
    .split(/^=== /m)
    .slice(1)
    .map((one) => {
      const [name = '', ...parts] = one.split(/^--- (?=[\w.])/m);
      const project = { files: new Map<string, string>(), words: [''], variables: [''], expected: '' };
      for (const part of parts) {
        const heading = part.split('\n', 1)[0] ?? '';
        const body = part.slice(heading.length + 1);
        const [kind = '', ...words] = wordsOf(heading);
        if (kind === 'typed') project.words = words;
        else if (kind === 'environment') project.variables = words;
        else if (kind === 'expected') project.expected = body.trim();
        else project.files.set(heading, body.replace(/\n\n$/, '\n'));
      }
      const options = project.words.filter((word) => word.startsWith('--'));
      return {
        name: name.trim(),
        files: project.files,
        arguments: project.words.filter((word) => word !== '' && !word.startsWith('--')),
        options: valuesOf(options.map((option) => option.slice(2))),
        environment: valuesOf(project.variables.filter((variable) => variable !== '')),
        expected: project.expected,
      };
    });
}

function wordsOf(heading: string): string[] {
  return [...heading.matchAll(/"([^"]*)"|(\S+)/g)].map(([, quoted, plain]) => quoted ?? plain ?? '');
}

function valuesOf(words: readonly string[]): Record<string, string> {
  return Object.fromEntries(
    words.map((word) => [word.slice(0, word.indexOf('=')), word.slice(word.indexOf('=') + 1)]),
  );
}
