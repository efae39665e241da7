// What models make: real files that a real browser shows, plays and turns, and the library of them.
import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import { assertAccessible, bookWithFree, openApp, startBoth, startServer } from './harness.js';

let browser;
let server;
before(async () => {
  // Without a graphics card, WebGL is drawn by software where that is asked for.
  [browser, server] = await startBoth(
    async () => startServer({ book: await bookWithFree('1000') }),
    ['--enable-unsafe-swiftshader'],
  );
});
after(async () => {
  await browser?.close();
  await server?.end();
});

/** Reading back what was drawn is slow, which the driver says. */
const READ_BACK = /GPU stall due to ReadPixels/;

async function openMedia(t, options = {}) {
  const app = await openApp(t, browser, options.server ?? server, {
    allowed: [READ_BACK],
    ...options,
  });
  const { page } = app;
  const library = page.getByRole('dialog', { name: 'Media library' });
  return {
    ...app,
    library,
    async mode(name) {
      await page.getByRole('button', { name: /^Mode: / }).click();
      await page.getByRole('menuitemradio', { name }).click();
    },
    async make(text) {
      await app.message.fill(text);
      await page.locator('.send[aria-disabled=false]').waitFor();
      await app.send.click();
    },
    picture: (words) => page.getByRole('main').getByRole('img', { name: words, exact: true }),
    async openLibrary() {
      await page.getByRole('button', { name: 'Media library' }).click();
      await library.waitFor();
    },
    /** What a picture really has, once it is decoded. */
    decoded: (image) =>
      image.evaluate(async (element) => {
        await element.decode();
        return [element.naturalWidth, element.naturalHeight];
      }),
  };
}

test('pictures are priced, made, shown and kept', async (t) => {
  const app = await openMedia(t);
  const { page } = app;
  await app.mode('Image');
  await page.getByLabel('Images').selectOption('4');
  await app.message.fill('A red fox in the mountains');
  const request = { task: 'image', models: ['muse-image-1.0'], images: 4 };
  const { body } = await app.ask('POST', '/api/estimate', { request });
  const { high } = body.estimate;
  await page.locator(`[data-testid=estimate] [data-high="${high}"]`).waitFor();
  await app.make('A red fox in the mountains');
  const images = page.getByRole('main').getByRole('img', { name: /^A red fox in the mountains/ });
  await images.nth(3).waitFor();
  assert.deepEqual(await app.charges(1), [high]);
  const sources = await images.evaluateAll((all) => all.map((one) => one.src));
  assert.equal(new Set(sources).size, 4);
  assert.deepEqual(await app.decoded(images.first()), [768, 768]);
  const download = page.getByRole('link', { name: /^Download A red fox in the mountains 1\.png/ });
  const [file] = await Promise.all([page.waitForEvent('download'), download.click()]);
  assert.equal(file.suggestedFilename(), 'A red fox in the mountains 1.png');
  await page.getByTestId('cost').click();
  await page.getByRole('dialog', { name: /receipt/i }).waitFor();
  await page.keyboard.press('Escape');
  for (const colorScheme of ['light', 'dark']) {
    await page.emulateMedia({ colorScheme });
    await assertAccessible(page);
  }
  await page.reload();
  await images.nth(3).waitFor();
  app.assertSilent();
});

test('a clip plays', async (t) => {
  const app = await openMedia(t);
  const { page } = app;
  await app.mode('Video');
  await page.getByLabel('Seconds').selectOption('2');
  await app.make('Waves of marble');
  const clip = page.locator('video[aria-label="Waves of marble"]');
  await clip.waitFor({ timeout: 30_000 });
  const played = await clip.evaluate(async (video) => {
    video.muted = true;
    await video.play();
    await new Promise((moved) => {
      video.addEventListener('timeupdate', () => video.currentTime > 0.3 && moved());
    });
    return { length: video.duration, wide: video.videoWidth, error: video.error };
  });
  assert.deepEqual(played, { length: 2, wide: 400, error: null });
  // A place in it is found without reading all of it.
  const there = await clip.evaluate(async (video) => {
    video.pause();
    video.currentTime = 1.5;
    await new Promise((found) => video.addEventListener('seeked', found, { once: true }));
    return video.currentTime;
  });
  assert.equal(there, 1.5);
  await assertAccessible(page);
  app.assertSilent();
});

test('a 3D model turns by keyboard and by drag', async (t) => {
  const app = await openMedia(t);
  const { page } = app;
  await app.mode('3D');
  await app.make('A golden vase');
  const model = page.getByRole('application', { name: 'A golden vase' });
  await page.locator('canvas[data-status=ready]').waitFor();
  let seen = await model.screenshot();
  const changes = async (turn) => {
    await turn();
    // It is drawn with the next frame.
    await page.evaluate(
      () => new Promise((drawn) => requestAnimationFrame(() => requestAnimationFrame(drawn))),
    );
    const now = await model.screenshot();
    assert.ok(!now.equals(seen), String(turn));
    seen = now;
  };
  await model.focus();
  await changes(() => page.keyboard.press('ArrowRight'));
  await changes(() => page.keyboard.press('ArrowUp'));
  await changes(() => page.keyboard.press('+'));
  const { x, y, width, height } = await model.boundingBox();
  await changes(async () => {
    await page.mouse.move(x + width / 2, y + height / 2);
    await page.mouse.down();
    await page.mouse.move(x + width / 2 + 80, y + height / 2, { steps: 4 });
    await page.mouse.up();
  });
  await assertAccessible(page);
  app.assertSilent();
});

test('without WebGL a 3D model can still be downloaded', async (t) => {
  const app = await openMedia(t, {
    before: (page) =>
      page.addInitScript(() => {
        HTMLCanvasElement.prototype.getContext = () => null;
      }),
    allowed: [/WebGL/],
  });
  await app.mode('3D');
  await app.make('A stone');
  await app.page.getByText('This browser cannot show 3D models').waitFor();
  await app.page.getByRole('link', { name: 'Download A stone.glb' }).waitFor();
  app.assertSilent();
});

test('what is being made goes on without the page and without the server', async (t) => {
  const own = await startServer({ book: await bookWithFree('1000') });
  t.after(() => own.end());
  const app = await openMedia(t, {
    server: own,
    // The server is away for a moment.
    allowed: [/ERR_CONNECTION_REFUSED/, /ERR_INCOMPLETE_CHUNKED/, /ERR_EMPTY_RESPONSE/],
  });
  const { page } = app;
  await app.mode('Image');
  await app.make('A lake demo:slow');
  await page.getByRole('progressbar', { name: 'Being made' }).waitFor();
  await page.reload();
  await page.getByRole('progressbar', { name: 'Being made' }).waitFor();
  await own.stop();
  await own.start();
  await app.picture('A lake demo:slow').waitFor({ timeout: 30_000 });
  assert.deepEqual(await app.charges(1), ['10']);
  assert.equal(await app.settled(), '990');
  app.assertSilent();
});

test('Stop ends what is being made, and it costs nothing', async (t) => {
  const app = await openMedia(t);
  await app.mode('Image');
  await app.make('A storm demo:slow');
  await app.page.getByRole('progressbar', { name: 'Being made' }).waitFor();
  await app.stop.click();
  await app.page.getByText('Nothing was made. Nothing was charged.').waitFor();
  await app.balanceIs('1000');
  app.assertSilent();
});

test('the library is open at zero credits, and what is deleted there is gone everywhere', async (t) => {
  const poor = await startServer({ book: await bookWithFree('20') });
  t.after(() => poor.end());
  const app = await openMedia(t, { server: poor, viewport: { width: 390, height: 800 } });
  const { page, library } = app;
  const openLibrary = async () => {
    await page.getByRole('button', { name: 'Conversations' }).click();
    await app.openLibrary();
  };
  await openLibrary();
  await library.getByText('Nothing yet.').waitFor();
  await page.keyboard.press('Escape');
  await app.mode('Image');
  for (const text of ['One forest', 'Two rivers']) {
    await app.make(text);
    await app.picture(text).waitFor();
  }
  await app.balanceIs('0');
  await openLibrary();
  const tiles = library.getByRole('button', { name: /^Image: / });
  await tiles.nth(1).waitFor();
  assert.deepEqual(
    await tiles.evaluateAll((all) => all.map((one) => one.getAttribute('aria-label'))),
    ['Image: Two rivers', 'Image: One forest'],
  );
  await assertAccessible(page);
  await tiles.last().click();
  assert.deepEqual(await app.decoded(library.getByRole('img', { name: 'One forest' })), [768, 768]);
  await library.getByRole('link', { name: 'Download One forest.png' }).waitFor();
  await library.getByRole('button', { name: 'Delete' }).click();
  await library.getByText('taken out of its conversation too').waitFor();
  await assertAccessible(page);
  await library.getByRole('button', { name: 'Keep it' }).click();
  await library.getByRole('button', { name: 'Delete' }).click();
  await library.getByRole('button', { name: 'Delete for good' }).click();
  await tiles.first().waitFor();
  assert.equal(await tiles.count(), 1);
  await page.keyboard.press('Escape');
  await page.getByText('What was made here has been deleted.').waitFor();
  await app.picture('Two rivers').waitFor();
  assert.equal(await app.picture('One forest').count(), 0);
  app.assertSilent();
});
