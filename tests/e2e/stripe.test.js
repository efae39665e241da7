// Payments by Stripe, with events that Stripe's own library signs. The live service was never reached:
// nobody here pays anything, and its API is not asked.
import assert from 'node:assert/strict';
import { execFile } from 'node:child_process';
import { after, before, test } from 'node:test';
import { promisify } from 'node:util';
import Stripe from 'stripe';
import {
  SERVER,
  assertAccessible,
  bookWithFree,
  openApp,
  startBoth,
  startServer,
} from './harness.js';

const SECRET = 'whsec_of_the_end_to_end_tests';
const KEYS = { STRIPE_SECRET_KEY: 'sk_test_of_the_tests', STRIPE_WEBHOOK_SECRET: SECRET };
const { webhooks } = new Stripe(KEYS.STRIPE_SECRET_KEY);

let browser;
let server;
before(async () => {
  [browser, server] = await startBoth(async () =>
    startServer({
      book: await bookWithFree('0.000001'),
      more: (address) => ['--public-origin', address, '--stripe-base-url', 'http://127.0.0.1:9'],
      env: KEYS,
    }),
  );
});
after(async () => {
  await browser?.close();
  await server?.end();
});

/** An event as Stripe sends it: a pack of $10 was paid. */
function paid(account, intent) {
  const object = {
    id: 'cs_1',
    object: 'checkout.session',
    mode: 'payment',
    payment_status: 'paid',
    payment_intent: intent,
    amount_total: 1000,
    currency: 'usd',
    metadata: { account },
  };
  const created = Math.floor(Date.now() / 1000);
  const type = 'checkout.session.completed';
  return JSON.stringify({ id: 'evt_1', object: 'event', type, created, data: { object } });
}

/** Sends it with that header. */
async function send(payload, signature) {
  const response = await fetch(`${server.address}/api/stripe/webhook`, {
    method: 'POST',
    headers: { 'content-type': 'application/json; charset=utf-8', 'stripe-signature': signature },
    body: payload,
  });
  return [response.status, (await response.json()).code];
}

test('an event that Stripe’s library signs grants once, in the page that is open', async (t) => {
  const app = await openApp(t, browser, server);
  const { body: session } = await app.ask('POST', '/api/session', {});
  const payload = paid(session.account_id, 'pi_1');
  const signed = (options) =>
    webhooks.generateTestHeaderString({ payload, secret: SECRET, ...options });
  const now = Math.floor(Date.now() / 1000);
  for (const forged of [
    signed({ secret: 'whsec_of_somebody_else' }),
    signed({ timestamp: now - 400 }),
    signed({ payload: paid('somebody-else', 'pi_1') }),
    signed({ scheme: 'v0' }),
    '',
  ]) {
    assert.deepEqual(await send(payload, forged), [400, 'signature_invalid'], forged);
  }
  assert.ok(Number(await app.settled()) < 1);

  // While a secret is changed there is a signature by each.
  const [time, right] = signed().split(',');
  const [, other] = signed({ secret: 'whsec_of_yesterday' }).split(',');
  for (const header of [signed(), [time, other, right].join(), signed()]) {
    assert.ok(webhooks.constructEvent(payload, header, SECRET), 'its library believes it too');
    assert.deepEqual(await send(payload, header), [200, undefined]);
  }
  await app.page.waitForFunction(
    () => Number(document.querySelector('[data-testid=balance]').dataset.settled) >= 1000,
  );
  assert.ok(Number(await app.settled()) < 1001, 'once');
  app.assertSilent();
});

test('a guest is told to sign in before buying, and a person is sent to Stripe', async (t) => {
  const app = await openApp(t, browser, server, { allowed: [/status of 502/] });
  const { page } = app;
  const open = async () => {
    await app.balance.click();
    await page.getByRole('button', { name: 'Buy a Custom Pack' }).click();
    return page.getByRole('dialog', { name: 'Buy a Custom Pack' });
  };
  const guests = await open();
  await guests.getByText('Sign in first.').waitFor();
  assert.ok(await guests.getByRole('button', { name: 'Pay' }).isDisabled());
  await assertAccessible(page, 'a guest who would buy');

  // Somebody who has signed in, as far as the page knows; Stripe's answer is the server's to get.
  await page.route('**/api/session', async (route) => {
    const response = await route.fetch();
    await route.fulfill({ response, json: { ...(await response.json()), guest: false } });
  });
  const asked = [];
  await page.route('**/api/top-ups', async (route) => {
    asked.push(route.request().postDataJSON());
    if (asked.length === 1) {
      const json = { code: 'payments_unreachable', detail: 'the payment provider did not answer' };
      return route.fulfill({ status: 502, json });
    }
    return route.fulfill({ status: 202, json: { pay_at: `${server.address}/pay-here` } });
  });
  await page.reload();
  const dialog = await open();
  await dialog.getByText('You pay on Stripe’s page').waitFor();
  await dialog.getByLabel('Amount in US dollars').fill('25');
  await dialog.getByRole('button', { name: 'Pay' }).click();
  await dialog.getByRole('alert').getByText('The payment provider did not answer.').waitFor();
  await dialog.getByRole('button', { name: 'Pay' }).click();
  await page.waitForURL('**/pay-here');
  assert.equal(asked.length, 2);
  assert.deepEqual(asked[1], asked[0], 'one purchase, however often it is tried');
  assert.equal(asked[0].usd, 25);
  app.assertSilent();
});

test('a server that lacks a secret does not start, and says which', async () => {
  const run = (env, ...args) =>
    promisify(execFile)(SERVER, ['serve', '--database', ':memory:', '--port', '0', ...args], {
      env: { ...process.env, ...env },
    }).then(
      () => assert.fail('it runs'),
      ({ stderr }) => stderr,
    );
  const { STRIPE_SECRET_KEY } = KEYS;
  assert.match(await run({}, '--payments', 'stripe'), /STRIPE_SECRET_KEY/);
  assert.match(await run({ STRIPE_SECRET_KEY }), /STRIPE_WEBHOOK_SECRET/);
  assert.match(await run(KEYS), /--public-origin/);
});
