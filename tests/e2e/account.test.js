// Account and Details: what there is, what it is made of, and where it went.
import assert from 'node:assert/strict';
import { readFile } from 'node:fs/promises';
import { after, before, test } from 'node:test';
import {
  assertAccessible,
  bookOfTwoMessages,
  micros,
  openApp,
  startBoth,
  startServer,
} from './harness.js';

const PHONE = { viewport: { width: 390, height: 844 }, hasTouch: true, isMobile: true };

let browser;
let server;
before(async () => {
  [browser, server] = await startBoth();
});
after(async () => {
  await browser?.close();
  await server?.end();
});

/** A guest with one answer paid and a pack bought, and Account and Details open. */
async function openAccount(t, options = {}) {
  const app = await openApp(t, browser, options.server ?? server, options);
  const { page } = app;
  await app.message.fill('hello world');
  await app.exactPrices();
  await app.send.click();
  const [charge] = await app.charges(1);
  const dialog = page.getByRole('dialog', { name: 'Account and Details' });
  return {
    ...app,
    charge,
    dialog,
    lines: dialog.getByTestId('line'),
    open: async () => {
      await page.getByRole('button', { name: /^G?\s*Guest/ }).click();
      await dialog.getByRole('heading', { name: 'Billing' }).waitFor();
    },
    buyPack: async () => {
      await dialog.getByRole('button', { name: 'Buy a Custom Pack' }).click();
      const shop = page.getByRole('dialog', { name: 'Buy a Custom Pack' });
      await shop.getByRole('button', { name: 'Add credits (demo)' }).click();
      await page.getByRole('button', { name: 'Go on writing' }).click();
    },
  };
}

const numberOf = (text) => Number(text.replaceAll(',', ''));

test('Billing has the balance beside the plan, the grants in the order of their use, and the month', async (t) => {
  const app = await openAccount(t);
  await app.open();
  const { dialog, page } = app;
  await dialog.getByText('Free', { exact: true }).waitFor();
  await dialog.getByRole('button', { name: 'Upgrade to Pro' }).waitFor();
  await app.lines.nth(1).waitFor();
  assert.equal(await app.lines.count(), 2, 'free credits and the answer');
  await assertAccessible(page, 'Billing');

  await app.buyPack();
  await dialog.waitFor();
  await app.lines.filter({ hasText: 'Custom Pack' }).getByText('+1,000').waitFor();
  const settled = await dialog.getByTestId('account-balance').getAttribute('data-settled');
  assert.equal(micros(settled), micros('1100') - micros(app.charge));
  assert.equal(settled, await app.settled(), 'the header says the same');
  const lots = await dialog.getByTestId('lot').allTextContents();
  assert.deepEqual(
    lots.map((lot) => /^(Free credits|Custom Pack)/.exec(lot)[0]),
    ['Free credits', 'Custom Pack'],
  );

  const [free, answer, pack] = await app.lines.allTextContents();
  assert.match(free, /^Free credits/);
  assert.match(answer, /^Answer of GPT-6 Luna, receiptDirect/);
  assert.match(pack, /^Custom Pack/);
  const shown = (id) => dialog.getByTestId(id).textContent();
  assert.equal(await shown('opening'), '0');
  assert.equal(numberOf(await shown('closing')), Number(settled));
  const show = dialog.getByLabel('Show');
  await show.selectOption('Credits that came');
  assert.equal(await app.lines.count(), 2, 'the free ones and the pack');
  await show.selectOption('Direct');
  assert.equal(await app.lines.count(), 1, 'the answer');
  await show.selectOption('Also what was only reserved');
  await app.lines
    .filter({ hasText: 'Held for direct: GPT-6 Luna' })
    .getByText('reserved')
    .waitFor();
  app.assertSilent();
});

test('a chart and its table say what the month cost, by mode, by model and by day', async (t) => {
  const app = await openAccount(t);
  const { page, dialog } = app;
  await page.getByRole('button', { name: 'Mode: Direct' }).click();
  await page.getByRole('menuitemradio', { name: /Compare/ }).click();
  await app.message.fill('which of you is cheaper?');
  await app.exactPrices();
  await app.send.click();
  const charges = await app.charges(3);
  await app.open();
  const table = dialog.getByTestId('spending');
  const rows = async () =>
    (await table.locator('tbody tr').all()).map(
      async (row) => await row.locator('th, td').allTextContents(),
    );
  const shown = async () =>
    (await Promise.all(await rows())).map((row) => row.map((one) => one.trim()));
  await table.waitFor();
  const modes = await shown();
  assert.deepEqual(modes.map(([name, answers]) => [name, answers]).sort(), [
    ['Compare', '2'],
    ['Direct', '1'],
  ]);
  const sum = (amounts) => amounts.reduce((all, amount) => all + micros(amount), 0n);
  const spent = await dialog.getByTestId('spent').textContent();
  assert.equal(micros(spent), sum(charges));
  assert.equal(sum(modes.map(([, , credits]) => credits)), sum(charges));
  await assertAccessible(page, 'Spending');

  await dialog.getByLabel('By model').check();
  const models = await shown();
  assert.ok(
    models.some(([name]) => name === 'GPT-6 Luna'),
    models.join(),
  );
  assert.equal(sum(models.map(([, , credits]) => credits)), sum(charges));

  // By keyboard, day by day: the last one has all of it, for the account began today.
  const chart = dialog.getByRole('application', { name: /^Credits spent on each day/ });
  await chart.focus();
  const today = new Date().getUTCDate();
  for (let day = 1; day < today; day += 1) await page.keyboard.press('ArrowRight');
  await dialog.getByText(`Together ${spent} credits`).waitFor();
  await dialog.getByText(/^At this pace until /).waitFor();
  app.assertSilent();
});

test('own limits close Send, and open it again once they are raised', async (t) => {
  const app = await openAccount(t);
  await app.open();
  const { page, dialog } = app;
  const day = dialog.getByLabel('At most for a day');
  const save = dialog.getByRole('button', { name: 'Save limits' });
  assert.ok(await save.isDisabled(), 'nothing was changed');
  await day.fill('five');
  await dialog.getByText('Write credits as a number').waitFor();
  assert.ok(await save.isDisabled());
  await assertAccessible(page, 'a limit that is no number');
  // Spent before the limit was set, it does not count.
  await day.fill('0,05');
  await dialog.getByLabel('Warn me below').fill('500');
  await save.click();
  await dialog.getByText('0.05 credits left for the next message').waitFor();
  await page.keyboard.press('Escape');
  await page.getByRole('button', { name: /^Low balance/ }).waitFor();

  await app.message.fill('hello again');
  await page.getByRole('region', { name: 'Your own limit is reached' }).waitFor();
  assert.ok(await app.send.isDisabled());
  await assertAccessible(page, 'a limit that is reached');
  await page.getByRole('button', { name: 'Change your limits' }).click();
  await dialog.waitFor();
  assert.equal(await day.inputValue(), '0.05');
  await day.fill('');
  await dialog.getByLabel('At most for one message').fill('50');
  await save.click();
  await dialog.getByText('50 credits left for the next message').waitFor();
  await page.keyboard.press('Escape');
  await app.send.click();
  await app.charges(2);
  app.assertSilent();
});

test('a line opens its receipt above, and comes back', async (t) => {
  const app = await openAccount(t);
  await app.open();
  const { page, dialog } = app;
  const line = dialog.getByRole('button', { name: /Answer of GPT-6 Luna/ });
  await line.click();
  const receipt = page.getByRole('dialog', { name: 'Receipt' });
  const charge = receipt.getByTestId('receipt-charge');
  assert.equal(await charge.getAttribute('data-charge'), app.charge);
  await page.keyboard.press('Escape');
  await receipt.waitFor({ state: 'detached' });
  await dialog.waitFor();
  assert.ok(await line.evaluate((element) => element === document.activeElement));
  await page.keyboard.press('Escape');
  await dialog.waitFor({ state: 'detached' });
  const profile = page.getByRole('button', { name: /Guest/ });
  assert.ok(await profile.evaluate((element) => element === document.activeElement));
  app.assertSilent();
});

test('months are gone through to the first, and kept as CSV and JSON', async (t) => {
  const app = await openAccount(t);
  await app.open();
  const { page, dialog } = app;
  await app.lines.nth(1).waitFor();
  const back = dialog.getByRole('button', { name: 'The month before' });
  assert.ok(await back.isDisabled(), 'the account began in this month');
  const saved = async (name) => {
    const download = page.waitForEvent('download');
    await dialog.getByText(name).click();
    const file = await download;
    return [file.suggestedFilename(), await readFile(await file.path(), 'utf8')];
  };
  const [csvName, csv] = await saved('Save as CSV');
  assert.match(csvName, /^statement-\d{4}-\d\d-.*\.csv$/);
  assert.ok(csv.includes('answer of gpt-6-luna'));
  const [jsonName, json] = await saved('Save as JSON');
  assert.match(jsonName, /^statement-\d{4}-\d\d\.json$/);
  const statement = JSON.parse(json);
  assert.equal(statement.closing, await app.settled());
  assert.equal(statement.lines.length, 3, 'what was only reserved is in it too');
  app.assertSilent();
});

test('a long month is read page by page, and an earlier one is another', async (t) => {
  const app = await openAccount(t);
  const { page, dialog } = app;
  const asked = [];
  const line = (entry, at) => ({
    entry,
    at,
    text: `made up ${entry}`,
    change: '1',
    held: '0',
    balance: String(entry),
  });
  await page.route('**/api/statement?**', async (route) => {
    const { searchParams } = new URL(route.request().url());
    asked.push(searchParams);
    const [month, after] = ['month', 'after'].map((name) => searchParams.get(name));
    const at = `${month}-01T12:00:00Z`;
    const isFirst = after === null;
    const statement = {
      from: `${month}-01T00:00:00Z`,
      to: `${month}-28T00:00:00Z`,
      opening: '0',
      lines: isFirst ? [line(11, at), line(12, at)] : [line(13, at)],
      closing: '13',
    };
    await route.fulfill({ json: { as_of: at, statement, ...(isFirst && { next: 12 }) } });
  });
  await app.open();
  await app.lines.nth(1).waitFor();
  await dialog.getByRole('button', { name: 'Show more of this month' }).click();
  await app.lines.filter({ hasText: 'Made up 13' }).waitFor();
  assert.equal(await app.lines.count(), 3);
  const before = await dialog.getByTestId('month').textContent();
  await dialog.getByRole('button', { name: 'The month before' }).click();
  await page.waitForFunction(
    (before) => document.querySelector('[data-testid=month]').textContent !== before,
    before,
  );
  await dialog.getByRole('button', { name: 'Show more of this month' }).waitFor();
  assert.equal(await app.lines.count(), 2);
  assert.equal(new Set(asked.map((params) => params.get('month'))).size, 2);
  app.assertSilent();
});

test('a history that cannot be read says so, and is read again', async (t) => {
  const app = await openAccount(t, { allowed: [/Failed to load resource/] });
  const { page, dialog } = app;
  await page.route('**/api/statement?**', (route) => route.abort(), { times: 1 });
  await app.open();
  await dialog.getByText('The history could not be read: The server cannot be reached.').waitFor();
  await dialog.getByRole('button', { name: 'Try again' }).click();
  await app.lines.nth(1).waitFor();
  assert.equal(await dialog.getByRole('alert').count(), 0);
  app.assertSilent();
});

test('Details change how the app looks, by keyboard too', async (t) => {
  const app = await openAccount(t);
  await app.open();
  const { page, dialog } = app;
  await dialog.getByRole('tab', { name: 'Account' }).focus();
  await page.keyboard.press('ArrowRight');
  await dialog.getByRole('radio', { name: 'Like the system' }).focus();
  await page.keyboard.press('ArrowDown');
  await page.keyboard.press('ArrowDown');
  assert.ok(await dialog.getByRole('radio', { name: 'Dark' }).isChecked());
  assert.equal(await page.evaluate(() => document.documentElement.dataset.theme), 'dark');
  await assertAccessible(page, 'Details in dark');
  await page.reload();
  assert.equal(await page.evaluate(() => document.documentElement.dataset.theme), 'dark');
  app.assertSilent();
});

test('on a phone the account is a sheet, and nothing is wider than it', async (t) => {
  const app = await openAccount(t, PHONE);
  const { page, dialog } = app;
  await page.getByRole('button', { name: 'Conversations' }).click();
  await app.open();
  await app.lines.nth(1).waitFor();
  const body = dialog.locator('.modal-body');
  const [inner, outer] = await body.evaluate((it) => [it.scrollWidth, it.clientWidth]);
  assert.equal(inner, outer);
  await assertAccessible(page, 'Billing on a phone');
  app.assertSilent();
});

test('with nothing left the account says what brings one on', async (t) => {
  const own = await startServer({ book: await bookOfTwoMessages() });
  t.after(own.end);
  const app = await openAccount(t, { server: own });
  await app.balanceIs('0.9');
  await app.message.fill('hello again');
  await app.send.click();
  await app.balanceIs('0');
  await app.open();
  await app.dialog.getByText('Nothing is left. A Custom Pack brings you on at once.').waitFor();
  assert.equal(await app.dialog.getByTestId('lot').count(), 0);
  app.assertSilent();
});
