// The app itself: what is kept, what is said when the server is away, and that everybody can use it.
import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import { assertAccessible, openApp, startBoth, startServer } from './harness.js';

let browser;
let server;
before(async () => {
  [browser, server] = await startBoth();
});
after(async () => {
  await browser?.close();
  await server?.end();
});

test('a draft is kept for each conversation, across reloads', async (t) => {
  const app = await openApp(t, browser, server);
  const { page } = app;
  await app.message.fill('first message');
  await app.exactPrices();
  await app.send.click();
  await app.charges(1);
  await page.waitForURL(/\/c\//);
  await app.message.fill('draft in the conversation');
  await page.getByRole('link', { name: 'New chat' }).click();
  await page.waitForURL((url) => url.pathname === '/');
  assert.equal(await app.written(), '');
  await app.message.fill('draft of a new chat');
  await page.reload();
  await app.balance.waitFor();
  assert.equal(await app.written(), 'draft of a new chat');
  await page.getByRole('link', { name: 'first message' }).click();
  await app.charges(1);
  assert.equal(await app.written(), 'draft in the conversation');
  app.assertSilent();
});

test('without the server the page says as of when, keeps the draft, and goes on by itself', async (t) => {
  const own = await startServer();
  t.after(own.end);
  const app = await openApp(t, browser, own, { allowed: [/ERR_/] });
  await app.message.fill('hello world');
  await app.exactPrices();
  await own.stop();
  await app.page.getByText(/as of \d\d:\d\d/).waitFor();
  await app.page.getByText('You are offline.', { exact: false }).first().waitFor();
  assert.equal(await app.send.getAttribute('aria-disabled'), 'true');
  await own.start();
  await app.page.locator('[data-testid=balance][data-status=live]').waitFor({ timeout: 30_000 });
  await app.send.click();
  await app.charges(1);
  app.assertSilent();
});

test('an address that leads nowhere says so', async (t) => {
  const path = '/c/019ab5f0-7c1d-7a3e-8000-00000000abcd';
  const app = await openApp(t, browser, server, { path, allowed: [/status of 404/] });
  await app.page.getByRole('alert').getByText('There is no conversation').waitFor();
  app.assertSilent();
});

for (const colorScheme of ['light', 'dark']) {
  test(`axe finds nothing, ${colorScheme}`, async (t) => {
    const app = await openApp(t, browser, server, { colorScheme });
    const { page } = app;
    const check = (state) => assertAccessible(page, `${state}, ${colorScheme}`);
    await page.getByRole('button', { name: /^Compare 3 models/ }).waitFor();
    await check('start');
    await app.message.pressSequentially('/');
    await page.getByRole('option', { name: /^Compare/ }).waitFor();
    await check('mode menu');
    await app.message.press('Escape');
    await app.message.fill('');
    await page.getByRole('button', { name: /^Model: / }).click();
    await page
      .getByRole('option', { name: /Claude/ })
      .first()
      .waitFor();
    await check('model menu');
    await page.keyboard.press('Escape');
    await page.getByRole('button', { name: /^Compare 3 models/ }).click();
    await app.exactPrices();
    await app.estimate.click();
    await page.getByText('What this message may cost').waitFor();
    await page.locator('.legs summary').first().click();
    await check('estimate');
    await page.keyboard.press('Escape');
    await app.message.press('Enter');
    await app.charges(3);
    await check('compared answers');
    await app.costs.first().click();
    await page.getByRole('button', { name: 'Check this charge' }).click();
    await page.getByRole('dialog').getByRole('status').getByText('The same').waitFor();
    await check('receipt');
    await page.keyboard.press('Escape');
    await app.balance.click();
    await page.getByText('Ready to use').waitFor();
    await check('balance');
    await page.getByRole('button', { name: 'Buy a Custom Pack' }).click();
    await page.getByText('Demo payment.').waitFor();
    await check('custom pack');
    app.assertSilent();
  });
}

test('on a phone nothing is wider than the screen, and the conversations are a drawer', async (t) => {
  const viewport = { width: 360, height: 740 };
  const app = await openApp(t, browser, server, { viewport, hasTouch: true, isMobile: true });
  const { page } = app;
  await page.getByRole('button', { name: /^Compare 3 models/ }).click();
  await app.exactPrices();
  const width = () => page.evaluate(() => document.documentElement.scrollWidth);
  assert.equal(await width(), viewport.width);
  await app.send.click();
  await app.charges(3);
  assert.equal(await width(), viewport.width);
  await page.getByRole('button', { name: 'Conversations' }).click();
  const drawer = page.getByRole('dialog', { name: 'Kumari' });
  await drawer.getByRole('link', { name: 'New chat' }).click();
  await drawer.waitFor({ state: 'detached' });
  await page.getByRole('heading', { name: 'What would you like to ask?' }).waitFor();
  app.assertSilent();
});

test('a part of the page that does not come is said, and asked for again', async (t) => {
  const app = await openApp(t, browser, server, { allowed: [/Failed to load resource/] });
  const { page } = app;
  const list = '**/assets/later-*.js';
  await page.route(list, (route) => route.abort());
  await page.reload();
  const conversations = page.getByRole('navigation', { name: 'Conversations' });
  await conversations.getByText('Your conversations could not be loaded.').waitFor();
  await page.unroute(list);
  await conversations.getByRole('button', { name: 'Try again' }).click();
  await page.getByText('You have no conversations.').waitFor();

  const away = '**/assets/top-up-*.js';
  await page.route(away, (route) => route.abort());
  await page.route('**/assets/markdown-*.js', (route) => route.abort());
  await app.balance.click();
  await page.getByRole('button', { name: 'Buy a Custom Pack' }).click();
  const missing = page.getByRole('alert').filter({ hasText: 'This could not be loaded.' });
  await missing.waitFor();
  await assertAccessible(page, 'a part that did not come');
  await page.unroute(away);
  await missing.getByRole('button', { name: 'Try again' }).click();
  await page.getByRole('dialog', { name: 'Buy a Custom Pack' }).waitFor();
  assert.equal(await missing.count(), 0);
  await page.keyboard.press('Escape');

  await app.message.fill('hello world');
  await app.send.click();
  await app.charges(1);
  await page.locator('.answer-text .plain').waitFor();
  app.assertSilent();
});
