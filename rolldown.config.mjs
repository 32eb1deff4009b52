import { defineConfig } from 'rolldown';

// @hono/node-server asks of each request whether it is one of HTTP/2, which nobody speaks here: the module would cost each
// runner 2 MiB and its start 14 ms.
const withoutHttp2 = {
  name: 'without-http2',
  resolveId: (id) => (id === 'node:http2' ? id : null),
  load: (id) =>
    id === 'node:http2' ? 'export class Http2ServerRequest {}\nexport const constants = {};' : null,
};

const common = {
  cwd: import.meta.dirname,
  platform: 'node',
  // Everything else is bundled: jiti reads its own files at run time, the other holds native binaries.
  external: [/^node:(?!http2$)/, /^jiti(\/|$)/, '@photostructure/sqlite'],
  plugins: [withoutHttp2],
  transform: { target: 'node20.19' },
};

const output = {
  dir: 'dist',
  // The declarations have them.
  comments: { legal: true, annotation: true, jsdoc: false },
  minify: false,
  sourcemap: false,
};

// Node starts a program of CommonJS sooner than one of ES modules: `runner --version` in three quarters of the time.
const program = { ...output, format: 'cjs', strict: true, entryFileNames: '[name].cjs' };

/** A program in one file, with all that it needs. */
function alone(name, file) {
  return { ...common, input: { [name]: file }, output: { ...program, codeSplitting: false } };
}

export default defineConfig([
  { ...common, input: { index: 'src/index.ts' }, output: { ...output, format: 'esm' } },
  alone('function-worker', 'src/worker/function/main.ts'),
  alone('many-chains-worker', 'src/worker/function/many-chains.ts'),
  {
    ...common,
    input: { 'config-loader': 'src/config/loader/main.ts' },
    // Without a configuration file, and for functions without options, nothing of what reads them is loaded.
    output: { ...program, chunkFileNames: 'chunks/loader-[name]-[hash].cjs' },
  },
  {
    ...common,
    input: { runner: 'src/cli/main.ts' },
    preserveEntrySignatures: false,
    output: {
      ...program,
      banner: (chunk) => (chunk.isEntry ? '#!/usr/bin/env node' : ''),
      chunkFileNames: 'chunks/[name]-[hash].cjs',
      // What nearly each command needs goes together, so that Node has fewer files to read. Whole layers do: what a layer
      // imports is below it, so that no two files need each other.
      codeSplitting: {
        includeDependenciesRecursively: false,
        groups: [
          { name: 'core', test: /src\/(core\/|ports|control-port)/ },
          { name: 'host', test: /src\/(system|processes|log)\// },
        ],
      },
    },
  },
]);
