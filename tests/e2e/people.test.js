// Who people are: signing up, in and out, with an authenticator that Chromium plays.
import assert from 'node:assert/strict';
import { readFile } from 'node:fs/promises';
import { after, before, test } from 'node:test';
import { assertAccessible, freePort, micros, openApp, startBoth, startServer } from './harness.js';
import { agreeThere, startProvider } from './identity-provider.js';

const PHONE = { viewport: { width: 390, height: 844 }, hasTouch: true, isMobile: true };

let browser;
let server;
before(async () => {
  [browser, server] = await startBoth(() => startServer({ host: 'localhost' }));
});
after(async () => {
  await browser?.close();
  await server?.end();
});

/** Gives the page an authenticator whose owner is there and agrees, with those passkeys in it. */
async function authenticator(page, credentials = []) {
  const client = await page.context().newCDPSession(page);
  await client.send('WebAuthn.enable');
  const { authenticatorId } = await client.send('WebAuthn.addVirtualAuthenticator', {
    options: {
      protocol: 'ctap2',
      ctap2Version: 'ctap2_1',
      transport: 'internal',
      hasResidentKey: true,
      hasUserVerification: true,
      isUserVerified: true,
      automaticPresenceSimulation: true,
    },
  });
  for (const credential of credentials) {
    await client.send('WebAuthn.addCredential', { authenticatorId, credential });
  }
  return {
    async credentials() {
      return (await client.send('WebAuthn.getCredentials', { authenticatorId })).credentials;
    },
    /** Whether its owner agrees. */
    agrees: (isUserVerified) =>
      client.send('WebAuthn.setUserVerified', { authenticatorId, isUserVerified }),
  };
}

/** What the provider's own page would have from elsewhere is empty. */
async function withoutNetwork(page) {
  await page.route(/^https:/, (route) => route.fulfill({ contentType: 'text/css', body: '' }));
}

/** A page that can open Details, with an authenticator unless it is to do without. */
async function openDetails(t, { credentials, isBare, ...options } = {}) {
  let key;
  const app = await openApp(t, browser, options.server ?? server, {
    ...options,
    before: async (page) => {
      if (isBare) await withoutNetwork(page);
      else key = await authenticator(page, credentials);
    },
  });
  const { page } = app;
  const dialog = page.getByRole('dialog', { name: 'Account and Details' });
  return {
    ...app,
    key,
    dialog,
    async details(name = 'Guest') {
      const menu = page.getByRole('button', { name: 'Conversations', exact: true });
      if (await menu.isVisible()) await menu.click();
      await page.getByRole('button', { name: new RegExp(`${name}.*plan$`) }).click();
      await dialog.getByRole('tab', { name: 'Details' }).click();
    },
    async signUp(name) {
      await dialog.getByLabel('What to call you').fill(name);
      await dialog.getByRole('button', { name: 'Create a passkey' }).click();
      await page.getByRole('button', { name: new RegExp(`${name}.*plan$`) }).waitFor();
    },
    async session() {
      return (await app.ask('POST', '/api/session', {})).body;
    },
  };
}

test('a guest signs up with a passkey and keeps conversation and credits, here and elsewhere', async (t) => {
  const app = await openDetails(t);
  const { page, dialog } = app;
  await app.message.fill('hello world');
  await app.exactPrices();
  await app.send.click();
  const [charge] = await app.charges(1);
  const left = String(await app.settled());
  assert.equal(micros(left), micros('100') - micros(charge));
  const guest = await app.session();

  await app.details();
  await dialog.getByRole('heading', { name: 'Sign up or sign in' }).waitFor();
  await assertAccessible(page, 'a guest in Details');
  await app.signUp('Åsa');
  assert.deepEqual(await app.session(), { ...guest, guest: false, name: 'Åsa' });
  await app.balanceIs(left);
  await page.getByRole('link', { name: /hello world/ }).waitFor();
  const credentials = await app.key.credentials();
  assert.equal(credentials.length, 1);
  assert.ok(credentials[0].isResidentCredential, 'nobody types a name to sign in');

  await app.details('Åsa');
  await dialog.getByRole('heading', { name: 'Signed in as Åsa' }).waitFor();
  await assertAccessible(page, 'signed in');
  app.assertSilent();

  // On another device, which has the passkey too.
  const other = await openDetails(t, { credentials, ...PHONE });
  await other.details();
  await other.dialog.getByRole('button', { name: 'Sign in with a passkey' }).click();
  await other.page.waitForEvent('load');
  await other.balanceIs(left);
  assert.equal((await other.session()).account_id, guest.account_id);
  await other.details('Åsa');
  await other.dialog.getByText('What you did in this browser as a guest is kept.').waitFor();
  await assertAccessible(other.page, 'signed in, on a phone');

  // And out there, from here.
  await dialog.getByRole('button', { name: 'Close' }).click();
  await app.details('Åsa');
  await dialog.getByRole('button', { name: 'Sign out everywhere else' }).click();
  await dialog.getByRole('button', { name: 'Sign out everywhere else' }).waitFor({
    state: 'detached',
  });
  assert.equal((await other.ask('GET', '/api/balance')).status, 401);
  assert.equal((await app.ask('GET', '/api/balance')).status, 200);
  other.assertSilent();
});

test('what a guest did is back after the sign-out, in every tab', async (t) => {
  const first = await openDetails(t);
  await first.details();
  await first.signUp('Ben');
  const credentials = await first.key.credentials();

  const app = await openDetails(t, { credentials });
  const { page, dialog } = app;
  const guest = await app.session();
  await app.message.fill('of a guest');
  await app.send.click();
  await app.charges(1);
  const tab = await app.context.newPage();
  await tab.goto('/');
  await tab.getByRole('link', { name: /of a guest/ }).waitFor();

  await app.details();
  await dialog.getByRole('button', { name: 'Sign in with a passkey' }).click();
  await page.getByRole('button', { name: /Ben.*plan$/ }).waitFor();
  await tab.getByRole('button', { name: /Ben.*plan$/ }).waitFor();
  assert.equal(await page.getByRole('link', { name: /of a guest/ }).count(), 0);
  await app.message.fill('for nobody else');
  await page.waitForFunction(() => localStorage.getItem('kumari:draft:new'));

  await app.details('Ben');
  await dialog.getByRole('button', { name: 'Sign out', exact: true }).click();
  await page.getByRole('link', { name: /of a guest/ }).waitFor();
  await tab.getByRole('link', { name: /of a guest/ }).waitFor();
  assert.deepEqual(await app.session(), guest);
  assert.equal(await app.written(), '', 'what was typed is not for who comes after');
  app.assertSilent();
});

test('what does not work is said, and nothing has changed', async (t) => {
  const app = await openDetails(t);
  const { dialog } = app;
  const before = await app.session();
  await app.details();
  await dialog.getByRole('button', { name: 'Create a passkey' }).isDisabled();
  await app.key.agrees(false);
  await dialog.getByLabel('What to call you').fill('Åsa');
  await dialog.getByRole('button', { name: 'Create a passkey' }).click();
  await dialog.getByRole('alert').getByText('No passkey was given').waitFor();
  await assertAccessible(app.page, 'a passkey that was not given');
  assert.deepEqual(await app.session(), before);
  app.assertSilent();
});

test('an address without a name says where passkeys are', async (t) => {
  const address = server.address.replace('localhost', '127.0.0.1');
  const app = await openDetails(t, { server: { address } });
  await app.details();
  const link = app.dialog.getByRole('link', { name: server.address });
  assert.equal(await link.getAttribute('href'), server.address);
  await assertAccessible(app.page, 'no passkeys');
  app.assertSilent();
});

test('a guest signs up with an OpenID provider, and is told where that did not work', async (t) => {
  const port = await freePort();
  const redirect = `http://localhost:${port}/api/sign-in/oidc/return`;
  const provider = await startProvider({ redirect, people: { jane: 'Jane Doe' } });
  t.after(() => provider.end());
  const { issuer, client } = provider;
  const own = await startServer({
    host: 'localhost',
    port,
    more: () => ['--oidc-issuer', issuer, '--oidc-client-id', client.id, '--oidc-name', 'Example'],
    env: { KUMARI_OIDC_SECRET: client.secret },
  });
  t.after(() => own.end());
  const app = await openDetails(t, { server: own, isBare: true });
  const { page, dialog } = app;
  const guest = await app.session();
  const there = dialog.getByRole('button', { name: 'Continue with Example' });

  await app.details();
  await there.click();
  await page.getByRole('link', { name: /Cancel/ }).click();
  await dialog.getByRole('alert').getByText('Nobody was signed in there.').waitFor();
  assert.equal(new URL(page.url()).search, '', 'it is said once');
  await assertAccessible(page, 'back from an OpenID provider without anything');
  assert.deepEqual(await app.session(), guest);

  await there.click();
  await agreeThere(page, 'jane');
  await dialog.getByRole('heading', { name: 'Signed in as Jane Doe' }).waitFor();
  assert.deepEqual(await app.session(), { ...guest, guest: false, name: 'Jane Doe' });
  await assertAccessible(page, 'back from an OpenID provider, signed in');

  await dialog.getByRole('button', { name: 'Sign out', exact: true }).click();
  await page.getByRole('button', { name: /Guest.*plan$/ }).waitFor();
  assert.notEqual((await app.session()).account_id, guest.account_id);
  await app.details();
  await there.click();
  await dialog.getByRole('heading', { name: 'Signed in as Jane Doe' }).waitFor();
  assert.equal((await app.session()).account_id, guest.account_id, 'it is known there');
  app.assertSilent();
});

test('everything is saved, and an account is deleted by a typed word', async (t) => {
  // A passkey that nobody knows any more.
  const app = await openDetails(t, { allowed: [/404 \(Not Found\)/] });
  const { page, dialog } = app;
  await app.message.fill('remember me');
  await app.exactPrices();
  await app.send.click();
  await app.charges(1);
  await app.details();
  await app.signUp('Cleo');
  const { account_id } = await app.session();
  await app.details('Cleo');

  const download = page.waitForEvent('download');
  await dialog.getByRole('link', { name: 'Save everything' }).click();
  const saved = JSON.parse(await readFile(await (await download).path(), 'utf8'));
  assert.equal(saved.account_id, account_id);
  assert.deepEqual(
    saved.messages.filter(({ role }) => role === 'user').map(({ text }) => text),
    ['remember me'],
  );
  assert.equal(saved.statement.closing, await app.settled());

  await dialog.getByRole('button', { name: 'Delete this account…' }).click();
  const confirm = dialog.getByRole('button', { name: 'Delete for good' });
  assert.ok(await confirm.isDisabled());
  await dialog.getByText(/The [\d.]+ credits that are left are lost/).waitFor();
  await assertAccessible(page, 'before an account is deleted');
  await dialog.getByLabel('Type “delete” to confirm').fill('delete');
  await confirm.click();
  await page.getByRole('button', { name: /Guest.*plan$/ }).waitFor();
  assert.equal(await page.getByRole('link', { name: /remember me/ }).count(), 0);
  assert.notEqual((await app.session()).account_id, account_id);

  await app.details();
  await dialog.getByRole('button', { name: 'Sign in with a passkey' }).click();
  await dialog.getByRole('alert').getByText('No account has this passkey').waitFor();
  app.assertSilent();
});
