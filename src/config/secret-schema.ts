import { z } from 'zod';
import type { ConfigSecret, ConfigUrl } from './runner-config.ts';
import { expecting, strict, textOf } from './schema-parts.ts';

const howToWritePlace = '{ env: "NAME" } or { file: "path" }';

// What is written may be the secret itself, so it is not shown.
function variableSuchAs(example: string): z.ZodString {
  const write = `the name of a variable such as "${example}"`;
  return z.string(expecting(write)).regex(/^[A-Za-z_][A-Za-z0-9_]*$/, {
    error: `found a text that is no such name, write ${write}, not its value`,
  });
}

type Env = Extract<ConfigSecret, { readonly env: string }>;
type File = Extract<ConfigSecret, { readonly file: string }>;

function placesOf(what: string, variable: string): readonly [z.ZodType<Env, Env>, z.ZodType<File, File>] {
  return [
    strict(
      {
        env: variableSuchAs(variable).meta({
          description: `The name of a variable of the runner’s own environment that holds ${what}.`,
        }),
      },
      howToWritePlace,
    ),
    strict(
      {
        file: textOf('the path of a file such as "/etc/runner/secret"').meta({
          description: `A file that holds ${what}; relative to the project root.`,
        }),
      },
      howToWritePlace,
    ),
  ];
}

/** Where a secret is. @param what it is, for the documentation */
export function secretSchema(what: string): z.ZodType<ConfigSecret, ConfigSecret> {
  return z.union(placesOf(what, 'SMTP_PASSWORD'), {
    error: `found something else than a place, write where ${what} is: ${howToWritePlace}`,
  });
}

/** An address, or where it is. */
export function urlSchema(
  address: z.ZodString,
  { what, example }: { readonly what: string; readonly example: string },
): z.ZodType<ConfigUrl, ConfigUrl> {
  const write = `a URL such as "${example}", ${howToWritePlace}`;
  return z.union([address, ...placesOf(what, 'HOOK_URL')], expecting(write));
}
