// The editor of a message: what keys do, what a very long text does, and what happens before it and
// the vocabularies are there.
import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import { gzipSync } from 'node:zlib';
import { micros, openApp, startBoth } from './harness.js';

let browser;
let server;
before(async () => {
  [browser, server] = await startBoth();
});
after(async () => {
  await browser?.close();
  await server?.end();
});

/** The editor itself, not the field that stands in for it at first. */
const editorOf = (page) => page.locator('.cm-content');

const SENDS = '**/api/actions';
const isSend = (request) => request.method() === 'POST' && request.url().endsWith('/api/actions');

/** Holds what is sent until what it gives is called; then `answer` has it. */
async function holdSends(page, answer = (route) => route.continue()) {
  let release;
  const held = new Promise((resolve) => (release = resolve));
  await page.route(SENDS, async (route) => {
    await held;
    await answer(route);
  });
  return release;
}

/** Holds the editor back until what it gives is called. */
async function holdEditor(page) {
  let release;
  const held = new Promise((resolve) => (release = resolve));
  await page.route('**/assets/editor-*.js', async (route) => {
    await held;
    await route.continue();
  });
  return release;
}

/** Puts a text in as a paste does: by one event. */
const paste = (editor, text) =>
  editor.evaluate((element, text) => {
    const clipboardData = new DataTransfer();
    clipboardData.setData('text/plain', text);
    element.dispatchEvent(new ClipboardEvent('paste', { clipboardData, bubbles: true }));
  }, text);

test('Shift and Enter make a line, an input method’s Enter sends nothing, Enter sends', async (t) => {
  const app = await openApp(t, browser, server);
  const { page } = app;
  const editor = editorOf(page);
  await editor.waitFor();
  await app.message.pressSequentially('one');
  await app.message.press('Shift+Enter');
  await app.message.pressSequentially('two ');
  assert.equal(await app.written(), 'one\ntwo ');
  await app.message.press('Control+z');
  assert.notEqual(await app.written(), 'one\ntwo ', 'it can be undone');
  await app.message.fill('one\ntwo ');

  const input = await page.context().newCDPSession(page);
  await input.send('Input.imeSetComposition', { text: 'かな', selectionStart: 2, selectionEnd: 2 });
  await editor.evaluate((element) => {
    const enter = { key: 'Enter', isComposing: true, bubbles: true, cancelable: true };
    element.dispatchEvent(new KeyboardEvent('keydown', enter));
  });
  await input.send('Input.insertText', { text: 'かな' });
  assert.equal(await app.written(), 'one\ntwo かな');
  await app.exactPrices();
  await app.message.press('Enter');
  await app.charges(1);
  assert.equal(await page.locator('.asked').textContent(), 'You: one\ntwo かな');
  assert.equal(await app.written(), '');
  app.assertSilent();
});

test('a text of 100 000 tokens is drawn in part, priced in whole, and kept', async (t) => {
  const app = await openApp(t, browser, server);
  const { page } = app;
  const editor = editorOf(page);
  assert.ok(await page.evaluate(() => crossOriginIsolated), 'the worker may share its counts');
  await editor.click();
  const line = 'The quick brown fox jumps over the lazy dog, and so it goes on.\n';
  const priceOnceOther = async (than) => {
    await page.waitForFunction(
      (was) => document.querySelector('[data-testid=estimate] [data-low]')?.dataset.low !== was,
      than?.low,
    );
    return app.exactPrices();
  };
  await app.message.fill('short');
  const short = await app.exactPrices();
  await paste(editor, line.repeat(3_350));
  const half = await priceOnceOther(short);
  assert.ok((await page.locator('.cm-line').count()) < 100, 'lines far away are not drawn');
  await app.message.press('Control+Home');
  await paste(editor, line.repeat(3_350));
  const whole = await priceOnceOther(half);
  const growth = (more, less) => Number(micros(more.low) - micros(less.low));
  const halves = [growth(half, short), growth(whole, half)];
  // Each price is rounded up to a hundredth of a credit.
  assert.ok(Math.abs(halves[0] - halves[1]) <= 20_000 && halves[0] > 20_000, halves.join());
  await app.message.press('Control+End');
  await app.message.pressSequentially('one more word ');
  await page.reload();
  await app.balance.waitFor();
  await editor.click();
  await app.message.press('Control+End');
  assert.match(await app.written(), /one more word $/, 'the last letters too');
  app.assertSilent();
});

test('what is typed before the editor is there stays, with the cursor', async (t) => {
  let release;
  const app = await openApp(t, browser, server, {
    before: async (page) => (release = await holdEditor(page)),
  });
  const { page, message } = app;
  await message.pressSequentially('early words');
  await message.press('ArrowLeft');
  release();
  await editorOf(page).waitFor();
  await page.keyboard.type('d');
  assert.equal(await editorOf(page).textContent(), 'early wordds');
  app.assertSilent();
});

test('before the editor is there a sign opens its menu too', async (t) => {
  let release;
  const app = await openApp(t, browser, server, {
    before: async (page) => (release = await holdEditor(page)),
  });
  await app.message.pressSequentially('/rou');
  await app.message.press('Enter');
  await app.page.getByRole('button', { name: 'Mode: Routing' }).waitFor();
  assert.equal(await app.written(), '');
  await app.message.pressSequentially('hello @cla');
  await app.page
    .getByRole('option', { name: /Claude/ })
    .first()
    .click();
  await app.page.getByRole('button', { name: /^Model: Claude/ }).waitFor();
  assert.equal(await app.written(), 'hello ');
  assert.equal(await editorOf(app.page).count(), 0, 'all of that in the plain field');
  // A menu that is open when the editor comes stays open: what Enter then does must not be another thing.
  await app.message.fill('');
  await app.message.pressSequentially('/com');
  const option = app.page.getByRole('option', { name: /^Compare/ });
  await option.waitFor();
  release();
  await editorOf(app.page).waitFor();
  assert.ok(await option.isVisible());
  await app.page.keyboard.press('Enter');
  await app.page.getByRole('button', { name: 'Mode: Compare' }).waitFor();
  assert.equal(await app.written(), '');
  app.assertSilent();
});

test('what is typed while a message is on its way is the next message', async (t) => {
  const app = await openApp(t, browser, server);
  const { page } = app;
  const release = await holdSends(page);
  await editorOf(page).waitFor();
  await app.message.fill('first message');
  await app.exactPrices();
  await app.message.press('Enter');
  await page.locator('.asked', { hasText: 'first message' }).waitFor();
  await page.keyboard.type('second');
  assert.equal(await app.written(), 'second');
  assert.equal(await app.send.getAttribute('aria-disabled'), 'true', 'one at a time');
  release();
  await app.charges(1);
  await page.waitForURL(/\/c\//);
  await page.keyboard.type(' message');
  assert.equal(await app.written(), 'second message', 'neither text nor cursor is lost');
  assert.deepEqual(await page.locator('.asked').allTextContents(), ['You: first message']);
  await page.reload();
  await app.charges(1);
  assert.equal(await app.written(), 'second message', 'it is the draft of the conversation');
  await page.getByRole('link', { name: 'New chat' }).click();
  await page.getByRole('heading', { name: 'What would you like to ask?' }).waitFor();
  assert.equal(await app.written(), '');
  app.assertSilent();
});

test('a message that was not taken is back, before what was typed since', async (t) => {
  const app = await openApp(t, browser, server, { allowed: [/status of 400/] });
  const { page } = app;
  const json = { code: 'request_invalid', detail: 'Not this one.' };
  const ids = [];
  page.on('request', (request) => {
    if (isSend(request)) ids.push(request.postDataJSON().action_id);
  });
  const refuse = async (typed) => {
    const release = await holdSends(page, (route) => route.fulfill({ status: 400, json }));
    await app.exactPrices();
    await app.message.press('Enter');
    await page.locator('.asked').waitFor();
    await page.keyboard.type(typed);
    release();
    await page.getByRole('alert').getByText('Not this one.').waitFor();
    await page.unroute(SENDS);
  };
  await editorOf(page).waitFor();
  await app.message.fill('first');
  await refuse('');
  assert.equal(await app.written(), 'first');
  assert.equal(await page.locator('.asked').count(), 0);
  await refuse('second');
  assert.equal(await app.written(), 'first\nsecond');
  await app.send.click();
  await app.charges(1);
  assert.equal(ids.length, 3);
  assert.equal(ids[0], ids[1], 'the same message again has the same id');
  assert.notEqual(ids[1], ids[2], 'another message has another');
  app.assertSilent();
});

test('until the vocabulary is here the price is marked, and what follows moves nothing', async (t) => {
  let release;
  const held = new Promise((resolve) => (release = resolve));
  const context = await browser.newContext({ baseURL: server.address });
  t.after(() => context.close());
  await context.route('**/vocabulary/**', async (route) => {
    await held;
    await route.continue();
  });
  const page = await context.newPage();
  await page.goto('/');
  await page.getByLabel('Message', { exact: true }).fill('How many tokens does this have?');
  const estimate = page.getByTestId('estimate');
  await estimate.getByText('~').first().waitFor();
  const places = () =>
    page.evaluate(() =>
      ['[data-testid=estimate]', '.send', '.composer'].map((part) =>
        JSON.stringify(document.querySelector(part).getBoundingClientRect()),
      ),
    );
  const before = await places();
  release();
  await page.locator('[data-testid=estimate]:not(:has-text("~"))').waitFor();
  assert.deepEqual(await places(), before);
});

test('the first load is within its budget', async (t) => {
  const context = await browser.newContext({ baseURL: server.address });
  t.after(() => context.close());
  const page = await context.newPage();
  const responses = [];
  page.on('response', (response) => responses.push(response));
  await page.goto('/');
  await editorOf(page).fill('a');
  await page.locator('[data-testid=estimate]:not(:has-text("~"))').waitFor();
  // Workers ask by themselves; Playwright hears of it all the same.
  const weights = new Map();
  for (const response of responses) {
    const { pathname } = new URL(response.url());
    if (pathname.startsWith('/api/') || pathname.startsWith('/vocabulary/')) continue;
    if (response.status() !== 200) continue;
    const bytes = await response.body();
    // Fonts are compressed by themselves.
    const isPacked = pathname.endsWith('.woff2');
    weights.set(pathname, isPacked ? bytes.length : gzipSync(bytes, { level: 9 }).length);
  }
  const vocabulary = responses.find((one) => one.url().includes('/vocabulary/')).headers();
  assert.match(vocabulary['content-encoding'], /^(br|gzip)$/);
  assert.match(vocabulary['cache-control'], /immutable/);
  const html = await (await page.request.get('/')).text();
  const blocking = [...html.matchAll(/(?:src|href)="(\/[^"]+\.(?:js|css))"/g)].map(
    ([, path]) => path,
  );
  const sum = (paths) => paths.reduce((bytes, path) => bytes + weights.get(path), 0);
  const beforePaint = sum(['/', ...blocking]);
  const inAll = sum([...weights.keys()]);
  assert.ok(blocking.length >= 3, blocking.join());
  assert.ok(
    [...weights.keys()].some((path) => /tokens_bg.*wasm$/.test(path)),
    'the worker counts',
  );
  assert.ok(beforePaint <= 150_000, `${beforePaint} bytes before the first paint`);
  assert.ok(inAll <= 450_000, `${inAll} bytes in all`);
  t.diagnostic(`${beforePaint} bytes before the first paint, ${inAll} in all`);
});
