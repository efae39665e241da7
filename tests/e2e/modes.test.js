// Work beyond one answer: steps and searches are seen as they are done, with what they cost so far, and
// documents are worked through.
import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import {
  assertAccessible,
  bookWithFree,
  micros,
  openApp,
  startBoth,
  startServer,
} from './harness.js';
import { paper, png, text } from './made-files.js';

const HELLO = { o200k_base: 2, o200k_base_latin: 2 };
const NAMES = {
  direct: 'Direct',
  compare: 'Compare',
  routing: 'Routing',
  agent: 'Agent',
  deep_research: 'Deep Research',
  finance_search: 'Finance',
  social_search: 'Social',
  file_processing: 'File',
  image: 'Image',
  video: 'Video',
  three_d: '3D',
};

let browser;
let server;
before(async () => {
  const book = await bookWithFree('1000');
  [browser, server] = await startBoth(() => startServer({ book }));
});
after(async () => {
  await browser?.close();
  await server?.end();
});

async function openModes(t, options) {
  const app = await openApp(t, browser, server, options);
  const { page } = app;
  const answer = page.getByRole('article', { name: /^Answer of / });
  return {
    ...app,
    answer,
    list: answer.getByRole('list', { name: /^(Steps|Searches)$/ }),
    soFar: page.getByTestId('cost-so-far'),
    async choose(mode) {
      await page.getByRole('button', { name: /^Mode: / }).click();
      await page.getByRole('menuitemradio', { name: new RegExp(`^${mode}`) }).click();
      await page.getByRole('button', { name: `Mode: ${mode}` }).waitFor();
    },
    attach: (...files) => page.getByTestId('file-input').setInputFiles(files),
    ready: () => page.locator('.send[aria-disabled=false]').waitFor(),
    reason: (words) => page.locator('.send + .visually-hidden', { hasText: words }).waitFor(),
  };
}

test('the choice of mode and `/` offer what the server does', async (t) => {
  const app = await openModes(t);
  const { page } = app;
  const { body } = await app.ask('POST', '/api/session', {});
  const served = body.tasks.map((task) => NAMES[task]);
  assert.ok(served.includes('Agent') && served.includes('File'), served.join());
  const firstWords = (items) =>
    items.evaluateAll((all) =>
      all.map((one) => one.querySelector('.menu-name').firstChild.textContent),
    );
  await page.getByRole('button', { name: 'Mode: Direct' }).click();
  const items = page.getByRole('menuitemradio');
  await items.first().waitFor();
  assert.deepEqual(await firstWords(items), served);
  await assertAccessible(page, 'the choice of mode');
  await page.keyboard.press('Escape');

  await app.message.click();
  await page.keyboard.type('/');
  const options = page.getByRole('option');
  await options.first().waitFor();
  assert.deepEqual(await firstWords(options), served);
  await page.keyboard.type('deep');
  await page.keyboard.press('Enter');
  await page.getByRole('button', { name: 'Mode: Deep Research' }).waitFor();
  assert.equal(await app.written(), '');
  app.assertSilent();
});

for (const [task, least] of [
  ['agent', 3],
  ['deep_research', 4],
  ['finance_search', 2],
  ['social_search', 2],
]) {
  test(`${NAMES[task]} shows what it did, and costs what it used`, async (t) => {
    const app = await openModes(t);
    const { page } = app;
    const before = await app.settled();
    await app.choose(NAMES[task]);
    await app.message.fill('hello world');
    const shown = await app.exactPrices();
    const request = { task, models: ['gpt-6-luna'], messages: 1, input_tokens: HELLO };
    const { body } = await app.ask('POST', '/api/estimate', { request });
    const { low, expected, high } = body.estimate;
    assert.deepEqual(shown, { low, expected, high }, 'the price is the server’s');
    await app.send.click();
    const [charge] = await app.charges(1);
    assert.ok(micros(low) <= micros(charge) && micros(charge) <= micros(high), charge);
    await app.balanceIs(await app.settled());
    assert.equal(micros(before) - micros(await app.settled()), micros(charge));
    assert.equal(await app.soFar.count(), 0, 'what it cost says the charge');
    await assertAccessible(page, `${NAMES[task]}, done`);

    await page.reload();
    await app.answer.locator('summary').click();
    const [, id] = /\/c\/(.+)$/.exec(page.url());
    const { messages } = (await app.ask('GET', `/api/conversations/${id}`)).body;
    const steps = messages.at(-1).steps.map(({ title, found }) => title + found);
    assert.ok(steps.length >= least, steps.join());
    assert.deepEqual(await app.list.getByRole('listitem').allTextContents(), steps);
    await assertAccessible(page, `${NAMES[task]}, read again`);
    app.assertSilent();
  });
}

test('an agent is followed step by step, and Stop costs what was used so far', async (t) => {
  const app = await openModes(t);
  const { page } = app;
  const before = await app.settled();
  await app.choose('Agent');
  await app.message.fill('Work out 12 * 4.5. Then say what it means. demo:slow');
  const { high } = await app.exactPrices();
  await app.send.click();
  await app.list.getByRole('listitem').filter({ hasText: 'under way' }).waitFor();
  await app.answer.getByText('Working…').waitFor();
  await app.soFar.getByText(/ of at most /).waitFor();
  const calculated = app.list.getByRole('listitem').filter({ hasText: '12 * 4.5 = 54' });
  await calculated.waitFor();
  const ceiling = /of at most ([\d.,]+) credits/.exec(await app.soFar.textContent())[1];
  assert.equal(ceiling, Number(high).toLocaleString('en-GB'), 'the most that was shown');
  const soFar = await app.soFar.getAttribute('data-so-far');
  assert.ok(micros(soFar) > 0n && micros(soFar) < micros(high), soFar);
  assert.equal(await app.soFar.getByRole('progressbar').count(), 1);
  await assertAccessible(page, 'an agent at work');
  await app.stop.click();
  await app.answer.getByText('Stopped', { exact: true }).waitFor();
  const [charge] = await app.charges(1);
  assert.ok(micros(soFar) <= micros(charge) && micros(charge) < micros(high), charge);
  assert.equal(micros(before) - micros(await app.settled()), micros(charge));
  await page.reload();
  await calculated.waitFor();
  const left = app.list.getByRole('listitem').filter({ hasText: 'not finished' });
  assert.ok((await left.count()) <= 1, 'what was under way is told from what was done');
  await assertAccessible(page, 'a stopped agent, read again');
  app.assertSilent();
});

test('a reload in the middle of a search goes on where it is', async (t) => {
  const app = await openModes(t);
  const { page } = app;
  await app.choose('Finance');
  await app.message.fill('shipping companies demo:slow');
  await app.exactPrices();
  await app.send.click();
  await app.list
    .getByText(/made up/)
    .first()
    .waitFor();
  await page.reload();
  await app.soFar.getByText(/ of at most /).waitFor();
  await app.list
    .getByText(/made up/)
    .first()
    .waitFor();
  await app.stop.click();
  await app.charges(1);
  app.assertSilent();
});

test('File mode waits for a document, and works through it', async (t) => {
  const app = await openModes(t);
  const { page } = app;
  await app.choose('File');
  await app.message.fill('How high is the rent?');
  await app.reason('File mode reads documents: attach one that has text.');
  await app.attach(png(20, 10));
  await page.getByTestId('file').getByText('20 × 10').waitFor();
  await app.reason('File mode reads documents');
  await assertAccessible(page, 'File mode without a document');
  await page.getByRole('button', { name: 'Remove picture.png' }).click();

  const charges = [];
  for (const [name, words, found] of [
    ['lease.txt', 'The rent is 1450 euros a month. Pets need consent.', 'The rent is 1450 euros'],
    ['other.txt', 'The rent is 90 francs a week. Pets are welcome.', 'The rent is 90 francs'],
  ]) {
    await app.attach(text(name, words));
    await app.ready();
    const { low, high } = await app.exactPrices();
    await app.send.click();
    await app.answer.getByText(found).first().waitFor();
    const all = await app.charges(charges.length + 1);
    const charge = all.at(-1);
    assert.ok(micros(low) <= micros(charge) && micros(charge) <= micros(high), charge);
    charges.push(charge);
    await app.message.fill('How high is the rent?');
  }
  await app.attach(await paper('memo-libreoffice.pdf', 'memo.pdf'));
  await page
    .getByTestId('file')
    .getByText(/^\d+ pages?/)
    .waitFor();
  await app.ready();
  await assertAccessible(page, 'File mode with documents');
  await app.costs.first().click();
  await page.getByRole('dialog').getByText(/pages/i).first().waitFor();
  app.assertSilent();
});
