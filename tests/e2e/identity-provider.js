// A real OpenID provider on this machine: npm's `oidc-provider`, which its authors had certified.
import { once } from 'node:events';
import { createServer } from 'node:http';
import Provider from 'oidc-provider';

/** Starts it for one client that is sent back to `redirect`; `people` have a name by their login. */
export async function startProvider({ redirect, people }) {
  const http = createServer().listen(0, '127.0.0.1');
  await once(http, 'listening');
  const issuer = `http://127.0.0.1:${http.address().port}`;
  const client = { id: 'kumari', secret: 'a-secret-of-tests' };
  // It warns of what is for development alone: keys, and a page that takes any password.
  const { warn, info } = console;
  Object.assign(console, { warn: () => undefined, info: () => undefined });
  const provider = new Provider(issuer, {
    clients: [{ client_id: client.id, client_secret: client.secret, redirect_uris: [redirect] }],
    claims: { openid: ['sub'], profile: ['name'] },
    pkce: { required: () => true },
    cookies: { keys: ['of tests'] },
    findAccount: (_, id) => ({
      accountId: id,
      claims: () => ({ sub: id, name: people[id] }),
    }),
  });
  Object.assign(console, { warn, info });
  http.on('request', provider.callback());
  return {
    issuer,
    client,
    async end() {
      http.closeAllConnections();
      http.close();
      await once(http, 'close');
    },
  };
}

/** Signs in there, and agrees. */
export async function agreeThere(page, login) {
  await page.locator('input[name=login]').fill(login);
  await page.locator('input[name=password]').fill('any');
  await page.getByRole('button', { name: 'Sign-in' }).click();
  await page.getByRole('button', { name: 'Continue' }).click();
}
