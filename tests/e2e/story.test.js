// The story end to end: the price before, the exact cost after, and what happens without credits.
import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import {
  assertAccessible,
  bookOfTwoMessages,
  bookWith,
  bookWithFree,
  micros,
  openApp,
  startBoth,
  startServer,
  sum,
} from './harness.js';

const THREE = ['gpt-6-luna', 'gpt-6.1-sol', 'gemini-3.8-flash'];

let browser;
let server;
before(async () => {
  [browser, server] = await startBoth();
});
after(async () => {
  await browser?.close();
  await server?.end();
});

async function estimateOf(app, request) {
  const { status, body } = await app.ask('POST', '/api/estimate', { request });
  assert.equal(status, 200);
  return body.estimate;
}

test('the price appears while typing, is the server’s, and moves nothing', async (t) => {
  const app = await openApp(t, browser, server);
  const parts = [app.send, app.message, app.page.locator('.estimate')];
  const places = () => Promise.all(parts.map((part) => part.boundingBox()));
  // What stands in for the editor at first has no place once it is gone.
  await app.page.locator('.cm-content').waitFor();
  const empty = await places();
  await app.message.pressSequentially('hello world');
  const shown = await app.exactPrices();
  const request = { task: 'direct', models: ['gpt-6-luna'], messages: 1 };
  const { low, expected, high } = await estimateOf(app, {
    ...request,
    input_tokens: { o200k_base: 2 },
  });
  assert.deepEqual(shown, { low, expected, high });
  assert.deepEqual(await places(), empty);

  await app.message.fill('and much more to read about it '.repeat(40));
  assert.ok(micros((await app.prices()).high) > micros(high), 'more text costs more');
  app.assertSilent();
});

test('the price is read out once a person pauses', async (t) => {
  const app = await openApp(t, browser, server);
  await app.message.pressSequentially('hello world');
  await app.exactPrices();
  await app.page
    .getByRole('status')
    .getByText(/^Likely 0\.\d+ credits, between .* Level Low\./)
    .waitFor();
  app.assertSilent();
});

test('the likely price follows what was learned, on a page that is open too', async (t) => {
  const own = await startServer();
  t.after(() => own.end());
  const app = await openApp(t, browser, own);
  await app.message.pressSequentially('hello world');
  const before = await app.exactPrices();
  const band = {
    above_input_tokens: 0,
    output_tokens: { p10: 100, p50: 200, p90: 3000 },
    settlements: 30,
  };
  const row = { task: 'direct', model: 'gpt-6-luna', bands: [band] };
  await own.calibrate({ schema: 1, rows: [row] });
  // 0.14 for the message, and 0.00007 for a token of the answer, each rounded up.
  await app.estimate.getByText('likely 0.16 (0.15–0.36) credits').waitFor();
  const { low, expected, high } = await app.prices();
  assert.deepEqual([low, high], [before.low, before.high], 'nothing else depends on it');
  const served = await estimateOf(app, {
    task: 'direct',
    models: ['gpt-6-luna'],
    messages: 1,
    input_tokens: { o200k_base: 2 },
  });
  assert.deepEqual([expected, served.expected], ['0.16', '0.16']);
  assert.deepEqual(served.likely, { low: '0.15', high: '0.36' });
  await app.page
    .getByRole('status')
    .getByText(/^Likely 0\.16 credits, mostly 0\.15–0\.36, at most 0\.\d+\. Level Low\./)
    .waitFor();
  await app.estimate.click();
  await app.page
    .getByText('eight of ten would have cost 0.15–0.36 credits; the least is')
    .waitFor();
  await assertAccessible(app.page, 'a likely range');

  await own.calibrate(null);
  await app.page.locator(`[data-expected="${before.expected}"]`).waitFor();
  assert.deepEqual(await app.prices(), before);
  app.assertSilent();
});

test('comparing three models by keyboard costs the sum of three, and the receipt proves it', async (t) => {
  const app = await openApp(t, browser, server);
  const { page } = app;
  await app.message.press('/');
  await page.getByRole('option', { name: /^Compare/ }).waitFor();
  await app.message.pressSequentially('com');
  await app.message.press('Enter');
  assert.equal(await app.written(), '');
  await app.message.pressSequentially('hello world @gemini flash'.replace(' flash', ''));
  await page.getByRole('option', { name: /Gemini 3.8 Flash/ }).waitFor();
  await app.message.press('Enter');
  await page.getByText('— the sum of three answers').waitFor();
  assert.equal(await app.written(), 'hello world ');

  const shown = await app.exactPrices();
  const requests = THREE.map((model) => ({
    task: 'direct',
    models: [model],
    input_tokens: { o200k_base: 3, o200k_base_latin: 3 },
    messages: 1,
  }));
  const legs = await Promise.all(requests.map((request) => estimateOf(app, request)));
  for (const end of ['low', 'expected', 'high']) {
    assert.equal(micros(shown[end]), sum(legs.map((leg) => leg[end])), end);
  }

  const had = micros(await app.settled());
  await app.message.press('Enter');
  const charges = await app.charges(3);
  await page.getByRole('button', { name: /Receipt for all 3/ }).click();
  const charge = await page.getByTestId('receipt-charge').getAttribute('data-charge');
  assert.equal(sum(charges), micros(charge));
  await page.waitForFunction(
    (was) => document.querySelector('[data-testid=balance]').dataset.settled !== was,
    '100',
  );
  assert.equal(had - micros(await app.settled()), micros(charge));
  await page.getByRole('button', { name: 'Check this charge' }).click();
  await page.getByRole('dialog').getByRole('status').getByText('The same').waitFor();
  await page.keyboard.press('Escape');
  await page.getByRole('dialog').waitFor({ state: 'detached' });
  app.assertSilent();
});

test('the next price counts the conversation as the server does', async (t) => {
  const app = await openApp(t, browser, server);
  // A model that is dear enough for the conversation's tokens to show in the price.
  await app.message.pressSequentially('@astra');
  await app.message.press('Enter');
  await app.message.fill('Explain compound interest to me.');
  await app.exactPrices();
  await app.send.click();
  await app.charges(1);
  await app.page.waitForURL(/\/c\//);
  await app.message.fill('Shorter, please.');
  // What the browser quoted stands only if both sides counted the same conversation.
  await app.send.click();
  await app.charges(2);

  // And the person sees how much of what is sent was said before.
  const id = new URL(app.page.url()).pathname.split('/').at(-1);
  const { body } = await app.ask('GET', `/api/conversations/${id}`);
  const said = body.messages.map((message) => message.tokens.o200k_base);
  assert.equal(said.length, 4);
  const conversation = said.reduce((all, tokens) => all + tokens);
  await app.message.fill('hello world');
  await app.exactPrices();
  await app.estimate.click();
  const [all, earlier] = [conversation + 2, conversation].map((tokens) =>
    tokens.toLocaleString('en'),
  );
  const sent = `${all} tokens of text are sent to each model, of which ${earlier} are`;
  await app.page.getByText(sent).waitFor();
  app.assertSilent();
});

test('Routing costs a range before and one model’s price after', async (t) => {
  const app = await openApp(t, browser, server);
  await app.message.pressSequentially('/rou');
  await app.message.press('Enter');
  await app.message.pressSequentially('hello world');
  const shown = await app.exactPrices();
  await app.page.getByText('Kumari picks the model, likely GPT-6 Luna').waitFor();
  await app.estimate.click();
  await app.page.getByText('One of these models answers').waitFor();
  await app.page.keyboard.press('Escape');
  for (const [text, likely] of [
    ['Translate this into French: good morning', 'GPT-6 Luna (translation)'],
    ['Why does fn main() {} compile?', 'Claude Sonnet 5.5 (code)'],
    ['much to read about this and that '.repeat(2_000), 'Gemini 3.8 Flash (much to read)'],
    ['hello world', 'GPT-6 Luna'],
  ]) {
    await app.message.fill(text);
    await app.page.getByText(`Kumari picks the model, likely ${likely}`, { exact: true }).waitFor();
  }
  await app.exactPrices();
  await app.message.press('Enter');
  const [charge] = await app.charges(1);
  assert.ok(micros(charge) >= micros(shown.low) && micros(charge) <= micros(shown.high));
  app.assertSilent();
});

test('Stop charges for what was written', async (t) => {
  const app = await openApp(t, browser, server);
  await app.message.fill('Explain compound interest at length. demo:slow');
  const { high } = await app.exactPrices();
  await app.send.click();
  await app.page
    .locator('.answer-text')
    .getByText(/\w{2,}/)
    .first()
    .waitFor();
  await app.stop.click();
  const [charge] = await app.charges(1);
  await app.page.getByText('Stopped', { exact: true }).waitFor();
  assert.ok(micros(charge) > 0n && micros(charge) < micros(high), charge);
  await app.page.waitForFunction(
    () => document.querySelector('[data-testid=balance]').dataset.settled !== '100',
  );
  assert.equal(micros('100') - micros(await app.settled()), micros(charge));
  await app.send.waitFor();
  app.assertSilent();
});

test('at zero sending pauses with two ways on, reading does not, and a pack clears it', async (t) => {
  const own = await startServer({ book: await bookOfTwoMessages() });
  t.after(own.end);
  const app = await openApp(t, browser, own);
  const { page } = app;
  for (const left of ['0.9', '0']) {
    await app.message.fill('hello');
    await app.send.click();
    await app.balanceIs(left);
  }
  await app.charges(2);
  await app.message.fill('one more');
  const notice = page.getByRole('region', { name: 'You are out of credits' });
  await notice.getByRole('button', { name: 'Upgrade to Pro' }).waitFor();
  assert.equal(await app.send.getAttribute('aria-disabled'), 'true');
  await app.message.press('Enter');
  assert.equal(await app.written(), 'one more', 'the draft is kept');
  await page.locator('.asked').nth(1).waitFor();

  const { body: book } = await app.ask('GET', '/api/price-book');
  assert.equal(book.plans[0].credits, '1.8');
  const etag = (await page.request.get('/api/price-book')).headers().etag.replaceAll('"', '');
  const forced = await app.ask('POST', '/api/actions', {
    action_id: '019ab5f0-7c1d-7a3e-8000-000000000001',
    conversation_id: '019ab5f0-7c1d-7a3e-8000-000000000002',
    task: 'direct',
    models: ['gpt-6-luna'],
    text: 'one more',
    quote: { price_book: etag, rules: '1', high: '0.9' },
  });
  assert.deepEqual([forced.status, forced.body.code], [402, 'credits_exhausted']);

  await notice.getByRole('button', { name: 'Upgrade to Pro' }).click();
  await page.getByRole('dialog', { name: 'Upgrade to Pro' }).getByText('$20 every month').waitFor();
  await page.keyboard.press('Escape');

  await page.evaluate(() => {
    window.isSamePage = true;
  });
  await notice.getByRole('button', { name: 'Buy a Custom Pack' }).click();
  const dialog = page.getByRole('dialog', { name: 'Buy a Custom Pack' });
  await dialog.getByText('Demo payment.').waitFor();
  await dialog.getByLabel('Amount in US dollars').fill('9');
  assert.ok(await dialog.getByRole('button', { name: /^Add credits/ }).isDisabled());
  await dialog.getByLabel('Amount in US dollars').fill('12');
  await dialog.getByText('1,200 credits').waitFor();
  await dialog.getByRole('button', { name: /^Add credits/ }).click();
  await page.getByRole('button', { name: 'Go on writing' }).click();
  await app.balanceIs('1200');
  await notice.waitFor({ state: 'detached' });
  assert.equal(await app.written(), 'one more');
  await app.send.click();
  await app.charges(3);
  await app.balanceIs('1199.1');
  assert.equal(await page.evaluate(() => window.isSamePage), true, 'nothing was reloaded');
  app.assertSilent();
});

test('too few credits offer cheaper choices with their price, one click each', async (t) => {
  const own = await startServer({ book: await bookWithFree('2') });
  t.after(own.end);
  const app = await openApp(t, browser, own);
  const { page } = app;
  await app.message.pressSequentially('/com');
  await app.message.press('Enter');
  for (const model of ['opus', 'grok-4.7']) {
    await app.message.pressSequentially(`@${model}`);
    await app.message.press('Enter');
  }
  await app.message.pressSequentially('hello world');
  const notice = page.getByRole('region', { name: 'Not enough credits' });
  const cheaper = notice.getByRole('button', { name: /up to/ }).first();
  await cheaper.waitFor();
  assert.equal(await app.send.getAttribute('aria-disabled'), 'true');
  assert.match(await cheaper.innerText(), /^(\d models?|1 model) instead of 4: .*up to/s);
  await cheaper.click();
  await notice.waitFor({ state: 'detached' });
  await page.getByText(/to fit your balance answers of up to [\d,]+ words/i).waitFor();
  await app.send.click();
  await app.charges(1);
  app.assertSilent();
});

test('a changed book is shown before anything is held, and the resend works', async (t) => {
  const own = await startServer();
  t.after(own.end);
  const app = await openApp(t, browser, own, { allowed: [/status of 409/] });
  const { page } = app;
  await app.message.fill('hello world');
  const old = await app.exactPrices();
  // Until the answer's own tokens are among what is sent next, the price still moves a little.
  const priced = (where, high) =>
    page.waitForFunction(
      ([where, high]) => {
        const now = Number(
          document.querySelector('[data-testid=estimate] [data-high]')?.dataset.high,
        );
        return where === 'above' ? now > high : now < high;
      },
      [where, Number(high)],
    );

  // The new book is on its way to this page for as long as the test wants.
  let release;
  const released = new Promise((resolve) => (release = resolve));
  const told = new Promise((resolve) => {
    void page.route('**/api/price-book', async (route) => {
      resolve();
      await released;
      await route.continue();
    });
  });
  await own.publish(
    await bookWith((book) => {
      for (const offer of book.tasks.find((row) => row.task === 'direct').offers) {
        offer.multiplier = '2.8';
      }
    }),
  );
  await told;
  assert.deepEqual(await app.prices(), old);
  const refused = page.waitForResponse((response) => response.status() === 409);
  await app.send.click();
  await refused;
  release();
  await page
    .getByRole('alert')
    .getByText(/price has changed/)
    .waitFor();
  await priced('above', old.high);
  assert.equal(await app.settled(), '100', 'nothing was held or charged');
  await app.send.click();
  await app.charges(1);

  // A page that only stands there takes the prices over too.
  await app.message.fill('hello world');
  const dear = await app.exactPrices();
  await own.priceBook('roll-back');
  await priced('below', dear.high);
  app.assertSilent();
});
