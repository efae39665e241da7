// Scripts as a page gets them: bundled by Vite as their own users would.
import { join } from 'node:path';
import { build } from 'vite';

/** Bundles `scripts`, paths below `root` without their ending, into files of the same names. */
export async function bundle(root, scripts, outDir) {
  await build({
    root,
    configFile: false,
    logLevel: 'error',
    build: {
      outDir,
      emptyOutDir: true,
      target: 'es2022',
      assetsInlineLimit: 0,
      modulePreload: false,
      chunkSizeWarningLimit: 10_000,
      rollupOptions: {
        input: Object.fromEntries(scripts.map((path) => [path, join(root, `${path}.js`)])),
        preserveEntrySignatures: 'strict',
        output: { entryFileNames: '[name].js' },
      },
    },
  });
}
