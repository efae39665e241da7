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
/** One where a period of Pro is as much as one message. */
let ofPro;
before(async () => {
  [browser, server] = await startBoth(async () => startServer({ book: await bookOfOneMessage() }));
  const book = await bookOfOneMessage();
  book.plans.find(({ id }) => id === 'pro').credits = '0.9';
  ofPro = await startServer({ book });
});
after(async () => {
  await browser?.close();
  await server?.end();
  await ofPro?.end();
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

/** The plan in Account, which is opened by keyboard. */
async function openPlan(page) {
  await page.getByRole('button', { name: /Guest/ }).focus();
  await page.keyboard.press('Enter');
  return page.getByTestId('plan');
}

/** A day as the page writes it. */
function dayOf(timestamp) {
  return new Date(timestamp).toLocaleDateString('en-GB', { dateStyle: 'long', timeZone: 'UTC' });
}

async function subscriptionOf(app) {
  return (await app.ask('GET', '/api/subscription')).body.subscription;
}

test('Pro is begun, cancelled, resumed and renewed by keyboard, in every tab', async (t) => {
  const app = await openExhausted(t);
  const { page } = app;
  const other = await page.context().newPage();
  await other.goto('/');
  await outOf(other).getByRole('button', { name: 'Upgrade to Pro' }).waitFor();
  const otherPlan = await openPlan(other);

  await outOf(page).getByRole('button', { name: 'Upgrade to Pro' }).press('Enter');
  const dialog = page.getByRole('dialog', { name: 'Upgrade to Pro' });
  await dialog.getByText('Demo payment.').waitFor();
  const images = await countOf(app, '2200', 'image');
  await dialog.getByTestId('worth').getByText(images, { exact: true }).waitFor();
  await assertAccessible(page, 'what Pro is');
  await dialog.getByRole('button', { name: 'Upgrade (demo)' }).press('Enter');
  const done = page.getByRole('dialog', { name: 'Welcome to Pro' });
  await done.waitFor();
  const { paid_until: end } = await subscriptionOf(app);
  await done.getByText(`New ones come on ${dayOf(end)}`).waitFor();
  await page.keyboard.press('Escape');
  await outOf(page).waitFor({ state: 'detached' });
  await app.balanceIs('2200');
  await otherPlan.getByText(`New credits on ${dayOf(end)}`).waitFor();

  const plan = await openPlan(page);
  await plan.getByText(`$20 every month. New credits on ${dayOf(end)}`).waitFor();
  await plan.getByRole('button', { name: 'Cancel Pro' }).press('Enter');
  await plan.getByText(`Pro then ends on ${dayOf(end)}`).waitFor();
  await assertAccessible(page, 'whether Pro is to end');
  await plan.getByRole('button', { name: 'Keep Pro' }).press('Enter');
  await plan.getByRole('button', { name: 'Cancel Pro' }).press('Enter');
  await plan.getByRole('button', { name: 'Cancel Pro now' }).press('Enter');
  await plan.getByText(`Ends on ${dayOf(end)}. It is not renewed.`).waitFor();
  await otherPlan.getByText(`Ends on ${dayOf(end)}`).waitFor();
  assert.equal((await subscriptionOf(app)).status, 'cancelled');
  await plan.getByRole('button', { name: 'Resume Pro' }).press('Enter');
  await plan.getByText(`New credits on ${dayOf(end)}`).waitFor();
  assert.equal((await subscriptionOf(app)).status, 'active');

  // A renewal that fails is a payment problem, and is paid again.
  await plan.getByText('Demo: see a renewal now').click();
  await plan.getByRole('button', { name: 'Let it fail' }).click();
  await plan.getByText('A payment for Pro did not go through.').waitFor();
  await otherPlan.getByText('A payment for Pro did not go through.').waitFor();
  await plan.getByRole('button', { name: 'Pay again', disabled: false }).waitFor();
  await plan.getByRole('button', { name: 'Let it fail', disabled: false }).waitFor();
  await assertAccessible(page, 'a payment problem');
  await plan.getByRole('button', { name: 'Pay again' }).press('Enter');
  await plan.getByText(`New credits on ${dayOf(end)}`).waitFor();

  await plan.getByRole('button', { name: 'Renew now' }).click();
  const next = page.getByTestId('purchase').nth(1);
  await next.waitFor();
  const { paid_until: later } = await subscriptionOf(app);
  await page
    .getByTestId('purchase')
    .first()
    .getByText(`${dayOf(end)} to ${dayOf(later)}`)
    .waitFor();
  app.assertSilent();
});

test('a Pro account without credits is told when they come back, or to pay', async (t) => {
  const app = await openApp(t, browser, ofPro);
  const { page } = app;
  const begun = await app.ask('POST', '/api/subscription', {
    action_id: '019ab5f0-7c1d-7a3e-8000-0000000000b1',
  });
  assert.equal(begun.status, 201);
  const { subscription: id, paid_until: end } = begun.body.subscription;
  await app.balanceIs('1.8');
  for (const left of ['0.9', '0']) {
    await app.message.fill('hello');
    await app.send.click();
    await app.balanceIs(left);
  }
  await app.charges(2);
  const pro = outOf(page).getByRole('region', { name: 'Pro' });
  await pro.getByText('Your Pro credits come back').waitFor();
  assert.equal(await pro.locator('time').getAttribute('datetime'), end);
  await outOf(page).getByRole('button', { name: 'Buy a Custom Pack' }).waitFor();
  assert.equal(
    await outOf(page)
      .getByRole('button', { name: /Upgrade/ })
      .count(),
    0,
  );

  // A payment that failed is what stands in the way then.
  await ofPro.pay(await accountOf(app), {
    failed: { payment: `${id}.1`, at: new Date().toISOString(), subscription: id },
  });
  await pro.getByText('Your last payment for Pro did not go through.').waitFor();
  await pro.getByRole('button', { name: 'See how Pro is paid' }).press('Enter');
  const plan = page.getByTestId('plan');
  await plan.getByRole('button', { name: 'Pay again' }).click();
  await plan.getByText(`New credits on ${dayOf(end)}`).waitFor();
  await page.keyboard.press('Escape');
  await pro.getByText('Your Pro credits come back').waitFor();
  app.assertSilent();
});

test('purchases have receipts that say what became of them', async (t) => {
  const app = await openApp(t, browser, server);
  const { page } = app;
  const id = '019ab5f0-7c1d-7a3e-8000-0000000000a1';
  const bought = await app.ask('POST', '/api/top-ups', { action_id: id, usd: 25 });
  assert.equal(bought.status, 201);
  await server.pay(await accountOf(app), { refunded: { payment: id, usd_cents: 1000 } });
  await openPlan(page);
  const row = page.getByTestId('purchase');
  await row.getByText('$10 refunded').waitFor();
  await row.getByRole('button', { name: /^Receipt for Custom Pack/ }).press('Enter');
  const receipt = page.getByRole('dialog', { name: 'Receipt of a purchase' });
  await receipt.getByText(id).waitFor();
  const facts = await receipt.locator('dl > div').allInnerTexts();
  const told = facts.map((fact) => fact.replace(/\s*\n\s*/, ': '));
  for (const fact of ['For: Custom Pack', 'Paid: $25', 'Credits: 2,500', 'Refunded: $10']) {
    assert.ok(told.includes(fact), `${fact} in ${told.join('; ')}`);
  }
  assert.ok(told.includes('Credits taken back: 1,000'), told.join('; '));
  await assertAccessible(page, 'the receipt of a purchase');
  await page.keyboard.press('Escape');
  await receipt.waitFor({ state: 'detached' });
  assert.match(
    await page.evaluate(() => document.activeElement.getAttribute('aria-label')),
    /^Receipt for Custom Pack/,
  );
  app.assertSilent();
});

async function accountOf(app) {
  const { body } = await app.ask('POST', '/api/session', {});
  return body.account_id;
}
