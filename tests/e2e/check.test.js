// "Check this charge": the page computes a charge again and says so, or says what differs.
import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import { assertAccessible, bookWith, openApp, startBoth, startServer } from './harness.js';

let browser;
let server;
before(async () => {
  [browser, server] = await startBoth();
});
after(async () => {
  await browser?.close();
  await server?.end();
});

/** Sends what is written, and waits until `count` answers have their cost. */
async function answered(app, count = 1) {
  await app.exactPrices();
  await app.send.click();
  return app.charges(count);
}

async function openReceipt(app) {
  const all = app.page.getByRole('button', { name: /^Receipt for all/ });
  const one = app.page.getByRole('button', { name: /Show the receipt\.$/ });
  await ((await all.count()) > 0 ? all : one).first().click();
  const dialog = app.page.getByRole('dialog', { name: 'Receipt' });
  await dialog.getByRole('heading', { name: 'Reserved and given back' }).waitFor();
  return dialog;
}

const button = (dialog) => dialog.getByRole('button', { name: 'Check this charge' });

/** What the check says, once it says `words`. */
async function verdict(dialog, words) {
  const status = dialog.getByRole('status');
  await status.getByText(words).waitFor();
  return (await status.innerText()).replaceAll(/\s+/g, ' ').trim();
}

/** The table of an answer, as texts by row. */
function linesOf(dialog, model) {
  return dialog
    .getByRole('table', { name: `${model}, line by line` })
    .locator(':is(tbody, tfoot) tr')
    .evaluateAll((rows) => rows.map((row) => [...row.cells].map((cell) => cell.innerText)));
}

test('each ended answer of a comparison is computed again, line by line', async (t) => {
  const app = await openApp(t, browser, server);
  await app.message.pressSequentially('/com');
  await app.message.press('Enter');
  await app.message.pressSequentially('@gemini');
  await app.message.press('Enter');
  // One provider fails before it wrote anything, another does not say how much it used.
  await app.message.fill(
    'Why is the sky blue? demo:fail-before-output@gpt-6.1-sol demo:no-usage@gemini-3.8-flash',
  );
  await answered(app, 2);
  const dialog = await openReceipt(app);
  const charge = await dialog.getByTestId('receipt-charge').getAttribute('data-charge');

  await button(dialog).focus();
  await app.page.keyboard.press('Enter');
  assert.equal(
    await verdict(dialog, 'The same'),
    `The same: ${Number(charge).toFixed(2)} credits, computed again in your browser.`,
  );
  const sources = dialog.getByRole('list', { name: 'What it was computed from' });
  const version = await dialog.getByRole('link').innerText();
  await sources.getByText(`Prices: book ${version}. Its fingerprint (SHA-256)`).waitFor();
  await sources.getByText('in your browser. The receipt was made by the same.').waitFor();
  await sources.getByText('we counted the text that was sent and shown').waitFor();
  await dialog.getByText('The provider failed: nothing was charged.').first().waitFor();
  for (const model of ['GPT-6 Luna', 'Gemini 3.8 Flash']) {
    const lines = await linesOf(dialog, model);
    const whats = lines.map(([what]) => what.split('\n'));
    assert.equal(whats[0][0], 'Base price of a message');
    assert.ok(whats.some(([, detail]) => /^\d+ tokens, at [\d.]+ credits for /.test(detail)));
    assert.equal(whats.at(-1)[0], 'Charged');
    for (const [what, onReceipt, here] of lines) assert.equal(onReceipt, here, what);
  }
  await assertAccessible(app.page, 'a checked charge');
  app.assertSilent();
});

test('a stopped answer is checked for what was used', async (t) => {
  const app = await openApp(t, browser, server);
  await app.message.fill('Explain compound interest at length. demo:slow');
  await app.exactPrices();
  await app.send.click();
  await app.page
    .locator('.answer-text')
    .getByText(/\w{2,}/)
    .first()
    .waitFor();
  await app.stop.click();
  await app.charges(1);
  const dialog = await openReceipt(app);
  await dialog.getByText('Stopped by you: charged for what was written').waitFor();
  await button(dialog).click();
  await verdict(dialog, 'The same');
  app.assertSilent();
});

test('where nothing was charged there is nothing to check', async (t) => {
  const app = await openApp(t, browser, server);
  await app.message.fill('hello world demo:fail-before-output');
  await answered(app);
  const dialog = await openReceipt(app);
  await dialog.getByText('Nothing was charged, so there is nothing to check.').waitFor();
  assert.equal(await button(dialog).count(), 0);
  app.assertSilent();
});

test('a receipt that was changed is told by the line', async (t) => {
  const app = await openApp(t, browser, server);
  await app.message.fill('hello world');
  const [charge] = await answered(app);
  await app.page.route('**/api/actions/*/receipt', async (route) => {
    const response = await route.fetch();
    const receipt = await response.json();
    const [{ outcome }] = receipt.legs;
    outcome.usage.output_tokens += 1_000_000;
    await route.fulfill({ response, json: { ...receipt, charge: '0.01' } });
  });
  const dialog = await openReceipt(app);
  await button(dialog).click();
  const said = await verdict(dialog, 'It differs');
  assert.match(said, /it comes to [\d.]+ credits, and the receipt says 0\.01\.$/);
  const differences = dialog.getByRole('list', { name: 'What differs' });
  await differences.getByText(`gpt-6-luna: the charge is`).waitFor();
  const lines = await linesOf(dialog, 'GPT-6 Luna');
  const [what, onReceipt, here] = lines.find(([what]) => what.startsWith('The answer'));
  assert.match(what, /1,000,\d{3} tokens, at .*\nOn the receipt: \d+ tokens, at /s);
  assert.ok(Number(here) > Number(onReceipt));
  const [, charged, now] = lines.find(([what]) => what === 'Charged');
  assert.equal(Number(charged), Number(charge));
  assert.ok(Number(now) > Number(charged));
  await assertAccessible(app.page, 'a charge that differs');
  app.assertSilent();
});

test('the book that the receipt names is asked for, and checked too', async (t) => {
  const own = await startServer();
  t.after(own.end);
  const app = await openApp(t, browser, own, { allowed: [/status of 404/, /ERR_/] });
  const { page } = app;
  await app.message.fill('hello world');
  await answered(app);
  const before = (await page.request.get('/api/price-book')).headers().etag.replaceAll('"', '');
  const taken = page.waitForResponse(
    async (response) =>
      response.url().endsWith('/api/price-book') && !(await response.text()).includes(before),
  );
  const dearer = (book) => {
    book.tasks.find((row) => row.task === 'direct').offers[0].multiplier = '2.8';
  };
  await own.publish(await bookWith(dearer));
  await taken;
  // A page that never saw the old book.
  await page.evaluate(() => localStorage.clear());
  await page.reload();
  const dialog = await openReceipt(app);

  const address = `**/api/price-books/${before}`;
  const answering = async (how, words) => {
    await page.route(address, how);
    await button(dialog).click();
    const said = await verdict(dialog, words);
    await page.unroute(address);
    return said;
  };
  const book = before.slice(0, 12);
  await answering(
    (route) => route.abort('internetdisconnected'),
    `It could not be checked. The prices of book ${book} are not in this page, and the server cannot be reached.`,
  );
  await answering(
    (route) =>
      route.fulfill({
        status: 404,
        contentType: 'application/problem+json',
        json: { code: 'price_book_unknown', detail: 'no price book of that version' },
      }),
    `The server does not have book ${book}`,
  );
  await answering(
    (route) => route.fulfill({ json: { id: 'no book' } }),
    `What the server gave as book ${book} is not a price book`,
  );
  await answering(
    async (route) => route.fulfill({ json: { ...(await bookWith(() => undefined)), schema: 99 } }),
    `Book ${book} was written for newer rules than this page has.`,
  );
  await dialog.getByRole('button', { name: 'Reload the page' }).waitFor();
  await answering(
    async (route) => route.fulfill({ json: await bookWith(dearer) }),
    'It differs: it comes to',
  );
  await dialog.getByText(`The receipt names ${book}: this is another book`).waitFor();
  await assertAccessible(page, 'a charge by another book');

  // The real one, from the server.
  await button(dialog).click();
  await verdict(dialog, 'The same');
  await dialog.getByText(`Prices: book ${book}. Its fingerprint`).waitFor();
  app.assertSilent();
});
