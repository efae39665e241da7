// Conversations in the sidebar: found, renamed, deleted, and brought back.
import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import { assertAccessible, openApp, startBoth, startServer } from './harness.js';

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

/** A page whose account has a conversation with each of these messages, the last one first. */
async function openTalks(t, messages, options = {}) {
  const app = await openApp(t, browser, options.server ?? server, options);
  const { page } = app;
  for (const message of messages) {
    await app.message.fill(message);
    await app.exactPrices();
    await app.send.click();
    await app.charges(1);
    await page.waitForURL(/\/c\//);
    if (message !== messages.at(-1)) await startNew(page);
  }
  return { ...app, ...partsOf(page) };
}

async function startNew(page) {
  // On a phone it is in the drawer.
  const isDrawer = await page.getByRole('button', { name: 'Conversations' }).isVisible();
  if (isDrawer) await page.getByRole('button', { name: 'Conversations' }).click();
  await page.getByRole('link', { name: 'New chat' }).click();
  await page.waitForURL((url) => url.pathname === '/');
}

function partsOf(page) {
  const list = page.getByRole('navigation', { name: 'Conversations' });
  const item = (name) => page.getByRole('menuitem', { name, exact: true });
  const options = (title) => list.getByRole('button', { name: `Options of ${title}`, exact: true });
  return {
    list,
    item,
    options,
    talk: (title) => list.getByRole('link', { name: title }),
    titles: () => list.getByRole('link').allInnerTexts(),
    search: page.getByRole('searchbox', { name: 'Search conversations' }),
    undo: page.getByRole('button', { name: 'Undo', exact: true }),
    title: list.getByRole('textbox', { name: 'Title' }),
    said: (words) => page.getByRole('status').getByText(words).waitFor(),
    async choose(title, name) {
      await options(title).click();
      await item(name).click();
    },
  };
}

test('a deleted conversation is gone at once, and Undo brings it back', async (t) => {
  const app = await openTalks(t, ['Keep this', 'Delete this']);
  const { page } = app;
  const address = page.url();
  await app.choose('Delete this', 'Delete');
  await page.waitForURL((url) => url.pathname === '/');
  await page.getByRole('heading', { name: 'What would you like to ask?' }).waitFor();
  await app.talk('Delete this').waitFor({ state: 'detached' });
  await page.getByText('Deleted.').waitFor();
  await app.said('Deleted: Delete this. Undo is below the conversations.');
  assert.equal((await app.ask('GET', `/api${pathOf(address)}`)).status, 404);

  await app.undo.click();
  await page.waitForURL(address);
  await app.charges(1);
  assert.deepEqual(await app.titles(), ['Delete this', 'Keep this']);
  await app.undo.waitFor({ state: 'detached' });

  // One that is not open leaves open what is.
  await app.choose('Keep this', 'Delete');
  await app.talk('Keep this').waitFor({ state: 'detached' });
  assert.equal(page.url(), address);
  await page.reload();
  await app.talk('Delete this').waitFor();
  assert.deepEqual(await app.titles(), ['Delete this']);
  app.assertSilent();
});

test('the way back stays while it is looked at, and is gone some time after', async (t) => {
  const app = await openTalks(t, ['Delete this'], { before: (page) => page.clock.install() });
  const { page } = app;
  await app.choose('Delete this', 'Delete');
  await app.undo.waitFor();
  await page.clock.runFor(100);
  await app.undo.and(page.locator(':focus')).waitFor();
  await page.clock.runFor(60_000);
  assert.ok(await app.undo.isVisible(), 'it has the focus');
  await app.message.focus();
  await app.undo.hover();
  await page.clock.runFor(60_000);
  assert.ok(await app.undo.isVisible(), 'it is pointed at');
  await page.mouse.move(900, 300);
  await page.clock.runFor(10_000);
  assert.ok(await app.undo.isVisible(), 'ten seconds are not too short');
  await page.clock.runFor(3_000);
  await app.undo.waitFor({ state: 'detached' });
  app.assertSilent();
});

test('all of it works by keyboard', async (t) => {
  const app = await openTalks(t, ['First talk', 'Second talk']);
  const { page } = app;
  await app.talk('First talk').focus();
  await page.keyboard.press('Tab');
  await page.keyboard.press('Enter');
  await app.item('Rename').waitFor();
  await page.keyboard.press('Enter');
  await app.title.waitFor();
  await page.keyboard.type('Über Köln');
  await page.keyboard.press('Enter');
  await app.talk('Über Köln').waitFor();
  await app.said('Renamed to Über Köln.');
  await app.options('Über Köln').and(page.locator(':focus')).waitFor();

  // Escape leaves it as it was.
  await page.keyboard.press('Enter');
  await app.item('Rename').waitFor();
  await page.keyboard.press('Enter');
  await app.title.waitFor();
  await page.keyboard.type('Nothing of it');
  await page.keyboard.press('Escape');
  await app.options('Über Köln').and(page.locator(':focus')).waitFor();

  await page.keyboard.press('Enter');
  await app.item('Delete').waitFor();
  await page.keyboard.press('ArrowDown');
  await page.keyboard.press('Enter');
  await app.undo.and(page.locator(':focus')).waitFor();
  assert.deepEqual(await app.titles(), ['Second talk']);
  await page.keyboard.press('Enter');
  await app.talk('Über Köln').and(page.locator(':focus')).waitFor();
  app.assertSilent();
});

test('a title has something in it, and shows wherever the conversation does', async (t) => {
  const app = await openTalks(t, ['A question']);
  const { page } = app;
  await app.choose('A question', 'Rename');
  assert.equal(await app.title.inputValue(), 'A question');
  await app.title.fill('  ');
  await app.title.press('Enter');
  await app.list.getByRole('alert').getByText('There is nothing in it').waitFor();
  await app.title.fill('An answer');
  await app.title.press('Enter');
  await page.getByRole('heading', { name: 'An answer', level: 1 }).waitFor();
  await page.waitForFunction(() => document.title === 'An answer – Kumari');
  // What another page does is heard.
  const other = await app.context.newPage();
  await other.goto(page.url());
  const there = partsOf(other);
  await there.choose('An answer', 'Rename');
  await there.title.fill('From elsewhere');
  await there.title.press('Enter');
  await app.talk('From elsewhere').waitFor();
  await page.getByRole('heading', { name: 'From elsewhere', level: 1 }).waitFor();
  await app.choose('From elsewhere', 'Rename');
  await app.title.fill('And back');
  await app.title.press('Enter');
  await there.talk('And back').waitFor();
  await other.getByRole('heading', { name: 'And back', level: 1 }).waitFor();
  app.assertSilent();
});

test('what another page deletes is gone here, and comes back with its Undo', async (t) => {
  const app = await openTalks(t, ['Shared talk'], { allowed: [/status of 404/] });
  const { page } = app;
  const other = await app.context.newPage();
  await other.goto('/');
  const there = partsOf(other);
  await there.choose('Shared talk', 'Delete');
  await app.talk('Shared talk').waitFor({ state: 'detached' });
  await page.getByRole('alert').getByText('This conversation was deleted.').waitFor();
  await there.undo.click();
  await app.talk('Shared talk').waitFor();
  await app.charges(1);
  app.assertSilent();
});

test('an answer that is being written is stopped and charged as by Stop', async (t) => {
  const own = await startServer({ pace: 'human' });
  t.after(() => own.end());
  const app = await openApp(t, browser, own);
  const { page } = app;
  const parts = partsOf(page);
  await app.message.fill('Tell me about rivers');
  await app.exactPrices();
  await app.send.click();
  await page.waitForURL(/\/c\//);
  await app.stop.waitFor();
  const { body } = await app.ask('GET', `/api${pathOf(page.url())}`);
  const { action_id: id } = body.messages[0];
  await parts.choose('Tell me about rivers', 'Delete');
  await parts.undo.click();
  const [charge] = await app.charges(1);
  const [leg] = (await app.ask('GET', `/api/actions/${id}`)).body.legs;
  assert.deepEqual([leg.status, leg.charge], ['stopped', charge]);
  app.assertSilent();
});

test('words are found as they are typed, with their place', async (t) => {
  const app = await openTalks(t, ['Ärger with 100% of a_b', 'Something else']);
  const { page } = app;
  await app.search.fill('ärger');
  await app.said('1 conversation found.');
  const find = app.list.getByRole('listitem');
  assert.equal(await find.getByRole('mark').innerText(), 'Ärger');
  await app.search.fill('100%');
  await app.said('1 conversation found.');
  await app.search.fill('a%b');
  await app.list.getByText('Nothing found for “a%b”.').waitFor();
  await app.said('Nothing found for “a%b”.');
  await page.getByRole('button', { name: 'Clear search' }).click();
  assert.equal(await app.search.inputValue(), '');
  assert.ok(await app.search.evaluate((field) => field === document.activeElement));
  await app.talk('Something else').waitFor();

  // In an answer: what the demo says differs, so a word of it is looked for.
  const { body } = await app.ask('GET', `/api${pathOf(page.url())}`);
  const words = body.messages[1].text.split(/\s+/).slice(2, 5).join(' ');
  await app.search.fill(words.toUpperCase());
  const place = app.talk('Something else').locator('mark');
  await place.waitFor();
  assert.equal((await place.innerText()).toLowerCase(), words.toLowerCase());
  await app.choose('Something else', 'Delete');
  await app.list.getByText('Nothing found for').waitFor();
  await app.undo.click();
  await place.waitFor();
  await app.search.press('Escape');
  assert.deepEqual(await app.titles(), ['Something else', 'Ärger with 100% of a_b']);
  app.assertSilent();
});

test('what does not work is said, and nothing is lost', async (t) => {
  const app = await openTalks(t, ['Stay here'], { allowed: [/ERR_/, /status of (404|503)/] });
  const { page } = app;
  const address = page.url();
  const route = '**/api/conversations/*';
  const answer = (status, code, detail) => (route) =>
    route.request().method() === 'GET'
      ? route.fallback()
      : route.fulfill({ status, json: { code, detail } });
  await page.route(route, answer(503, 'busy', 'the server has too much to do; try again'));
  await app.choose('Stay here', 'Delete');
  const alert = page.getByRole('alert');
  await alert.getByText('“Stay here” was not deleted. The server has too much to do').waitFor();
  await app.talk('Stay here').waitFor();
  await page.waitForURL(address);
  await page.getByRole('button', { name: 'Dismiss' }).click();
  await app.choose('Stay here', 'Rename');
  await app.title.fill('Gone');
  await app.title.press('Enter');
  await alert.getByText('“Stay here” was not renamed.').waitFor();
  await app.talk('Stay here').waitFor();
  await page.unroute(route);

  // Without a connection, and once it is too late.
  await page.route('**/restore', (route) => route.abort());
  await app.choose('Stay here', 'Delete');
  await app.undo.click();
  await alert.getByText('It was not brought back. The server cannot be reached.').waitFor();
  await page.unroute('**/restore');
  const late = { status: 404, json: { code: 'conversation_unknown', detail: '' } };
  await page.route('**/restore', (route) => route.fulfill(late));
  await app.undo.click();
  await alert.getByText('It is too late to bring “Stay here” back.').waitFor();
  await page.route('**/api/conversations?query=*', (route) => route.abort());
  await app.search.fill('here');
  await alert.getByText('The search did not work.').waitFor();
  app.assertSilent();
});

test('an answer that is lost on its way does not pass for a no', async (t) => {
  const app = await openTalks(t, ['Precious talk'], { allowed: [/ERR_/] });
  const { page } = app;
  const address = page.url();
  const lost = async (route) => {
    if (route.request().method() !== 'GET') await route.fetch();
    await route.abort();
  };
  await page.route('**/api/conversations/*', lost);
  await app.choose('Precious talk', 'Delete');
  const alert = page.getByRole('alert');
  await alert.getByText('It is not known whether “Precious talk” was deleted.').waitFor();
  await app.undo.waitFor();
  await page.unroute('**/api/conversations/*');
  await app.undo.click();
  await page.waitForURL(address);
  await app.charges(1);
  assert.deepEqual(await app.titles(), ['Precious talk']);
  app.assertSilent();
});

test('what is typed as a title stays when the conversation comes under another day', async (t) => {
  const app = await openTalks(t, ['First talk', 'Second talk'], {
    before: (page) =>
      page.route('**/api/conversations?*', async (route) => {
        const response = await route.fetch();
        const { conversations, next } = await response.json();
        const old = (one) => ({ ...one, updated_at: '2020-01-01T00:00:00Z' });
        const listed = conversations.map((one) => (one.title === 'First talk' ? old(one) : one));
        await route.fulfill({ json: { conversations: listed, next } });
      }),
  });
  const { page } = app;
  const earlier = page.getByRole('region', { name: 'Earlier' });
  await page.reload();
  await earlier.getByRole('link', { name: 'First talk' }).waitFor();
  await app.choose('First talk', 'Rename');
  await page.keyboard.type('Half a ti');
  await page.unroute('**/api/conversations?*');
  // Another page renames the other one, which this one hears of.
  const { body } = await app.ask('GET', '/api/conversations?limit=10');
  const { id } = body.conversations.find(({ title }) => title === 'Second talk');
  await app.ask('PATCH', `/api/conversations/${id}`, { title: 'Other talk' });
  await app.talk('Other talk').waitFor();
  assert.equal(await earlier.count(), 0);
  await page.keyboard.type('tle');
  await page.keyboard.press('Enter');
  await app.talk('Half a title').waitFor();
  app.assertSilent();
});

for (const colorScheme of ['light', 'dark']) {
  test(`axe finds nothing, ${colorScheme}`, async (t) => {
    const app = await openTalks(t, ['First talk', 'Second talk'], { colorScheme });
    const { page } = app;
    const check = (state) => assertAccessible(page, `${state}, ${colorScheme}`);
    await check('list');
    await app.options('First talk').click();
    await app.item('Rename').waitFor();
    await check('menu');
    await app.item('Rename').click();
    await app.title.fill('');
    await app.title.press('Enter');
    await app.list.getByRole('alert').waitFor();
    await check('rename');
    await app.title.press('Escape');
    await app.search.fill('talk');
    await app.said('2 conversations found.');
    await check('finds');
    await app.choose('First talk', 'Delete');
    await app.undo.waitFor();
    await check('deleted');
    await app.search.fill('nowhere');
    await app.list.getByText('Nothing found').waitFor();
    await check('nothing found');
    app.assertSilent();
  });
}

test('on a phone all of it is in the drawer', async (t) => {
  const app = await openTalks(t, ['First talk', 'Second talk'], PHONE);
  const { page } = app;
  await page.getByRole('button', { name: 'Conversations' }).tap();
  const drawer = page.getByRole('dialog', { name: 'Kumari' });
  const { options, title, undo, search, talk } = partsOf(drawer);
  await options('First talk').tap();
  await page.getByRole('menuitem', { name: 'Rename' }).tap();
  await title.fill('Renamed');
  // Neither Escape in a field nor a menu closes the drawer.
  await title.press('Escape');
  await options('First talk').tap();
  await page.getByRole('menuitem', { name: 'Rename' }).tap();
  await title.fill('Renamed');
  await title.press('Enter');
  await talk('Renamed').waitFor();
  await search.fill('second');
  await drawer.getByRole('mark').getByText('Second').waitFor();
  await options('Second talk').tap();
  await page.getByRole('menuitem', { name: 'Delete' }).tap();
  await undo.waitFor();
  await assertAccessible(page, 'deleted in the drawer');
  const width = await page.evaluate(() => document.documentElement.scrollWidth);
  assert.equal(width, PHONE.viewport.width);
  await undo.tap();
  await talk('Second talk').waitFor();
  await search.press('Escape');
  await talk('Second talk').tap();
  await drawer.waitFor({ state: 'detached' });
  await app.charges(1);
  app.assertSilent();
});

function pathOf(address) {
  return new URL(address).pathname.replace('/c/', '/conversations/');
}
