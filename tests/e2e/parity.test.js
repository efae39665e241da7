// One crate serves both sides (R11): in a real browser, from a plain script with no bundler, the
// package comes to the bytes that the native engine wrote into the corpus.
import assert from 'node:assert/strict';
import { once } from 'node:events';
import { readFile } from 'node:fs/promises';
import { createServer } from 'node:http';
import { test } from 'node:test';
import { fileURLToPath } from 'node:url';
import { startBoth } from './harness.js';

const ROOT = new URL('../../', import.meta.url);
const CORPUS =
  process.env.KUMARI_CORPUS ?? fileURLToPath(new URL('target/parity/corpus.jsonl', ROOT));
const TYPES = {
  js: 'text/javascript',
  mjs: 'text/javascript',
  wasm: 'application/wasm',
  html: 'text/html',
};

/** Serves a page that loads the package, and the package's built files, as any static host would. */
async function servePackage() {
  const page = `<!doctype html><script type="module">
    import * as credits from '/dist/index.js';
    import * as prepared from '/dist/rules-prepared.js';
    import { answer, loadBook } from '/parity/answers.mjs';
    await Promise.all([credits.init(), prepared.init()]);
    window.modules = { credits, prepared };
    Object.assign(window, { answer, loadBook });
  </script>`;
  const server = createServer((request, response) => {
    const [, folder, name] = /^\/(dist|parity)\/([\w.-]+)$/.exec(request.url) ?? [];
    const type = TYPES[name?.split('.').pop() ?? 'html'];
    const file = new URL(`${folder === 'dist' ? 'pkg' : 'tests'}/${folder}/${name}`, ROOT);
    const body = name ? readFile(file) : Promise.resolve(page);
    body.then(
      (bytes) => response.writeHead(200, { 'content-type': type }).end(bytes),
      () => response.writeHead(404).end(),
    );
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  return server;
}

test('a browser comes to the bytes of the native engine', async () => {
  const lines = (await readFile(CORPUS, 'utf8'))
    .trim()
    .split('\n')
    .map((line) => JSON.parse(line));
  const books = lines.filter((line) => line.book !== undefined);
  const cases = lines.filter((line) => line.native !== undefined);
  assert.ok(cases.length >= 500, `${cases.length} cases are too few`);

  const [browser, server] = await startBoth(servePackage);
  try {
    const page = await browser.newPage();
    await page.goto(`http://127.0.0.1:${server.address().port}/`);
    await page.waitForFunction(() => window.loadBook !== undefined);
    const answers = await page.evaluate(
      ({ books, questions }) => {
        const handles = books.map((book) => window.loadBook(window.modules, book));
        return questions.map((question) =>
          window.answer(window.modules, handles[question.index], question),
        );
      },
      { books, questions: cases },
    );
    cases.forEach((one, index) => {
      assert.deepEqual(answers[index], one.native, `case ${index}`);
    });
  } finally {
    await browser.close();
    server.close();
  }
});
