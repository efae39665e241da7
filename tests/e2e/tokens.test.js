// The token counter in a real browser, from a plain script on a plain static host: in a worker, and
// in the page where none can be had.
import assert from 'node:assert/strict';
import { once } from 'node:events';
import { readFile } from 'node:fs/promises';
import { createServer } from 'node:http';
import { after, before, test } from 'node:test';
import { vocabularyFile } from '../../pkg/tests/vocabulary.js';
import { startBoth } from './harness.js';

const ROOT = new URL('../../', import.meta.url);
const TYPES = { js: 'text/javascript', wasm: 'application/wasm', gz: 'application/gzip' };

let browser;
let server;
before(async () => {
  [browser, server] = await startBoth(serve);
});
after(async () => {
  await browser?.close();
  server?.close();
});

/** Serves the package's built files and a vocabulary as a packed file, as any static host would. */
async function serve() {
  const page = `<!doctype html><script type="module">
    import * as tokens from '/dist/token-counter.js';
    window.tokens = tokens;
  </script>`;
  const server = createServer((request, response) => {
    const { pathname, searchParams } = new URL(request.url, 'http://localhost');
    const name = /^\/dist\/([\w.-]+)$/.exec(pathname)?.[1];
    const vocabulary = /^\/(\w+)\.bin\.gz$/.exec(pathname)?.[1];
    const body = name
      ? readFile(new URL(`pkg/dist/${name}`, ROOT))
      : vocabulary
        ? readFile(new URL(`${vocabularyFile(vocabulary).href}.gz`))
        : Promise.resolve(page);
    const policy = searchParams.get('policy');
    const headers = {
      'content-type': TYPES[pathname.split('.').pop()] ?? 'text/html',
      ...(policy && { 'content-security-policy': policy }),
    };
    body.then(
      (bytes) => response.writeHead(200, headers).end(bytes),
      () => response.writeHead(404).end(),
    );
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  return server;
}

async function open(t, policy = '') {
  const page = await browser.newPage();
  t.after(() => page.close());
  const address = `http://127.0.0.1:${server.address().port}/`;
  await page.goto(policy ? `${address}?policy=${encodeURIComponent(policy)}` : address);
  await page.waitForFunction(() => window.tokens !== undefined);
  await page.evaluate(() => {
    const vocabularies = { o200k_base: '/o200k_base.bin.gz', cl100k_base: '/cl100k_base.bin.gz' };
    window.faults = [];
    window.counter = new window.tokens.TokenCounter({
      vocabularies,
      onFault: (fault) => window.faults.push(fault),
    });
    window.text = 'Hello';
    window.draft = window.counter.open(['o200k_base', 'cl100k_base'], () => window.text);
    window.type = (inserted) => {
      const offset = window.text.length;
      window.text += inserted;
      window.draft.edit(offset, 0, inserted);
      return window.draft.exact();
    };
  });
  return page;
}

const exactly = (o200k_base, cl100k_base, latin) => ({
  tokens: { o200k_base, o200k_base_latin: latin, cl100k_base, cl100k_base_latin: latin },
  isExact: true,
});

test('a worker counts what is typed, and another one after it died', async (t) => {
  const page = await open(t);
  assert.deepEqual(await page.evaluate(() => window.type(' world, 你好 👋')), exactly(7, 8, 3));
  const [first] = page.workers();
  const closed = once(first, 'close');
  await first.evaluate(() => {
    setTimeout(() => {
      throw new Error('an end of its own');
    }, 0);
  });
  await closed;
  assert.deepEqual(await page.evaluate(() => window.type(' again')), exactly(8, 9, 4));
  assert.equal(page.workers().length, 1);
  assert.match((await page.evaluate(() => window.faults)).join(), /an end of its own/);
});

test('closing gives the worker back', async (t) => {
  const page = await open(t);
  await page.evaluate(() => window.type(' world'));
  const [worker] = page.workers();
  const closed = once(worker, 'close');
  await page.evaluate(() => {
    window.counter.close();
  });
  await closed;
  assert.deepEqual(page.workers(), []);
});

test('where the page may start no worker it counts by itself', async (t) => {
  const page = await open(t, "worker-src 'none'");
  assert.deepEqual(await page.evaluate(() => window.type(' world')), exactly(2, 2, 2));
  assert.deepEqual(page.workers(), []);
  const long = await page.evaluate(() => window.type(', and so on'.repeat(20_000)));
  assert.equal(long.tokens.o200k_base, 80_002);
});
