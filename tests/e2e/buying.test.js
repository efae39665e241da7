// Out of credits and on again: what is paused and what is not, what a pack and Pro buy, and what
// became of what was bought.
import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import {
  assertAccessible,
  bookOfTwoMessages,
  micros,
  openApp,
  startBoth,
  startServer,
} from './harness.js';

let browser;
let server;
before(async () => {
  [browser, server] = await startBoth(async () => startServer({ book: await bookOfOneMessage() }));
});
after(async () => {
  await browser?.close();
  await server?.end();
});

/** A message to GPT-6 Luna costs 0.9 credits, and that is what a guest begins with. */
async function bookOfOneMessage() {
  const book = await bookOfTwoMessages();
  book.plans.find(({ id }) => id === 'free').credits = '0.9';
  return book;
}

const outOf = (page) => page.getByRole('region', { name: 'You are out of credits' });

/** A guest's page whose one message is sent and answered. */
async function openExhausted(t, options) {
  const app = await openApp(t, browser, server, options);
  await app.message.fill('hello');
  await app.send.click();
  await app.charges(1);
  await app.balanceIs('0');
  await outOf(app.page).getByRole('button', { name: 'Buy a Custom Pack' }).waitFor();
  return app;
}

/** How many of a row of the book a number of credits pays, to two digits. */
async function countOf(app, credits, row) {
  const { body: book } = await app.ask('GET', '/api/price-book');
  const { request } = book.references.find((reference) => reference.row === row);
  const { body } = await app.ask('POST', '/api/estimate', { request });
  const count = String(micros(credits) / micros(body.estimate.expected));
  return Number(count.slice(0, 2).padEnd(count.length, '0')).toLocaleString('en');
}

test('at zero both ways on say what they buy, and a pack clears it in every tab', async (t) => {
  const app = await openExhausted(t);
  const { page } = app;
  await assertAccessible(page, 'out of credits');
  const pack = outOf(page).getByRole('region', { name: 'Custom Pack' });
  const messages = await countOf(app, '1000', 'direct_lightweight');
  const images = await countOf(app, '1000', 'image');
  const videos = await countOf(app, '1000', 'video');
  await pack.getByText('Any amount from $10').waitFor();
  await pack
    .getByText(`About ${messages} messages, ${images} images or ${videos} videos.`)
    .waitFor();
  const pro = outOf(page).getByRole('region', { name: 'Pro' });
  const each = await countOf(app, '2200', 'video');
  await pro.getByText(`2,200 credits each time.`).waitFor();
  await pro.getByText(`or ${each} videos.`).waitFor();

  // Everything else stays open: the list, what was said, a draft, a search.
  await app.message.fill('one more');
  await page.getByLabel('Search conversations').fill('hello');
  await page.getByRole('link', { name: /hello/ }).first().click();
  await page.locator('.asked').getByText('hello').waitFor();

  const other = await page.context().newPage();
  await other.goto('/');
  await outOf(other).getByRole('button', { name: 'Buy a Custom Pack' }).waitFor();
  await other.evaluate(() => (window.isSamePage = true));

  // By keyboard alone.
  await outOf(page).getByRole('button', { name: 'Buy a Custom Pack' }).focus();
  await page.keyboard.press('Enter');
  const dialog = page.getByRole('dialog', { name: 'Buy a Custom Pack' });
  await dialog.getByTestId('worth').waitFor();
  await assertAccessible(page, 'what a pack buys');
  await dialog.getByLabel('Amount in US dollars').fill('100');
  const more = await countOf(app, '11200', 'image');
  await dialog.getByTestId('worth').getByText(more, { exact: true }).waitFor();
  await page.keyboard.press('Enter');
  await dialog.waitFor({ state: 'detached' });
  const done = page.getByRole('dialog', { name: 'Your pack is here' });
  await done.getByRole('button', { name: 'Go on writing' }).press('Enter');
  for (const tab of [page, other]) await outOf(tab).waitFor({ state: 'detached' });
  await other.locator('[data-testid=balance][data-settled="11200"]').waitFor();
  assert.equal(await other.evaluate(() => window.isSamePage), true, 'nothing was reloaded');

  // What opened the dialog is gone, so writing goes on.
  await page.waitForFunction(() => document.activeElement.id === 'message');
  await page.keyboard.type(', please');
  await page.waitForFunction(() =>
    document.querySelector('.cm-content').textContent.includes(', please'),
  );
  await page.keyboard.press('Enter');
  await app.charges(2);
  app.assertSilent();
});

test('what running answers hold is to be waited for, not to be bought', async (t) => {
  const app = await openApp(t, browser, server);
  await app.message.fill('hello demo:slow');
  await app.send.click();
  const held = app.page.getByRole('region', { name: 'Your credits are reserved' });
  await held.getByText('There is no need to buy any.').waitFor();
  assert.equal(await held.getByRole('button').count(), 0, 'nothing is offered');
  await app.stop.click();
  await held.waitFor({ state: 'detached' });
  app.assertSilent();
});
