// A page that is built with Vite gets modules and worker as files beside it, with no plugin.
import assert from 'node:assert/strict';
import { mkdtemp, readFile, readdir, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { test } from 'node:test';
import { build } from 'vite';

for (const { page, uses, module, worker } of [
  { page: './page', uses: 'the rules', module: /^rules_bg-.*\.wasm$/, worker: null },
  {
    page: './token-page',
    uses: 'the token counter',
    module: /^tokens_bg-.*\.wasm$/,
    worker: /^token-worker-.*\.js$/,
  },
]) {
  test(`Vite builds a page that uses ${uses}`, async (t) => {
    const outDir = await mkdtemp(join(tmpdir(), 'kumari-page-'));
    t.after(() => rm(outDir, { recursive: true }));
    const warnings = [];
    await build({
      root: fileURLToPath(new URL(page, import.meta.url)),
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
    assert.match(wasm[0], module);
    const scripts = assets.filter((name) => name.endsWith('.js'));
    const texts = await Promise.all(
      scripts.map((name) => readFile(join(outDir, 'assets', name), 'utf8')),
    );
    const namedBy = (file) => scripts.filter((_, index) => texts[index].includes(file));
    assert.notDeepEqual(namedBy(wasm[0]), [], 'a script names the module');
    if (worker) {
      const built = scripts.filter((name) => worker.test(name));
      assert.equal(built.length, 1, assets.join());
      assert.ok(namedBy(wasm[0]).includes(built[0]), 'the worker loads the module');
      assert.notDeepEqual(namedBy(built[0]), [], 'the page starts the worker');
    }
    assert.deepEqual(warnings, []);
  });
}
