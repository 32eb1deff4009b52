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
    chunkFileNames: 'chunks/[name]-[hash].js',
    banner: (chunk) => (chunk.isEntry && chunk.name === 'runner' ? '#!/usr/bin/env node' : ''),
    minify: false,
    sourcemap: false,
  },
});
