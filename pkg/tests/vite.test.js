// A page that is built with Vite gets the module as a file beside it, with no plugin.
import assert from 'node:assert/strict';
import { mkdtemp, readFile, readdir, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { test } from 'node:test';
import { build } from 'vite';

test('Vite builds a page that uses the rules', async (t) => {
  const outDir = await mkdtemp(join(tmpdir(), 'kumari-page-'));
  t.after(() => rm(outDir, { recursive: true }));
  const warnings = [];
  await build({
    root: fileURLToPath(new URL('./page', import.meta.url)),
    configFile: false,
    logLevel: 'silent',
    build: {
      outDir,
      target: 'es2022',
      emptyOutDir: true,
      rollupOptions: { onwarn: (warning) => warnings.push(warning.message) },
    },
  });
  const assets = await readdir(join(outDir, 'assets'));
  const wasm = assets.filter((name) => name.endsWith('.wasm'));
  assert.equal(wasm.length, 1, assets.join());
  assert.match(wasm[0], /^rules_bg-.*\.wasm$/);
  const script = await readFile(
    join(
      outDir,
      'assets',
      assets.find((name) => name.endsWith('.js')),
    ),
    'utf8',
  );
  assert.ok(script.includes(wasm[0]), 'the script names the file');
  assert.deepEqual(warnings, []);
});
