import { defineConfig } from 'rolldown';

export default defineConfig({
  input: {
    runner: 'src/cli/main.ts',
    index: 'src/index.ts',
    'function-worker': 'src/worker/function/main.ts',
    'many-chains-worker': 'src/worker/function/many-chains.ts',
    'config-loader': 'src/config/loader/main.ts',
  },
  platform: 'node',
  // Everything else is bundled: jiti reads its own files at run time, the other holds native binaries.
  external: [/^node:/, /^jiti(\/|$)/, '@photostructure/sqlite'],
  transform: { target: 'node20.19' },
  output: {
    dir: 'dist',
    format: 'esm',
    entryFileNames: '[name].js',
    chunkFileNames: ({ name }) => `chunks/${name.split('~')[0]}-[hash].js`,
    // Node takes a third of a millisecond for each file that it imports, so that what is small goes together with what
    // almost the same commands need: `runner run` reads 19 files instead of 51.
    codeSplitting: {
      groups: [{ name: 'shared', minShareCount: 2, entriesAware: true, entriesAwareMergeThreshold: 10_000 }],
    },
    // The declarations have them.
    comments: { legal: true, annotation: true, jsdoc: false },
    banner: (chunk) => (chunk.isEntry && chunk.name === 'runner' ? '#!/usr/bin/env node' : ''),
    minify: false,
    sourcemap: false,
  },
});
