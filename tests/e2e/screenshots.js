// Pictures of the app for the documents, made with the real server: `npm run screenshots`.
import { mkdir } from 'node:fs/promises';
import { fileURLToPath } from 'node:url';
import { openApp, startBoth } from './harness.js';
import { paper, wav } from './made-files.js';

const FOLDER = fileURLToPath(new URL('./screenshots/', import.meta.url));
const PHONE = { viewport: { width: 390, height: 844 }, hasTouch: true, isMobile: true };

const ends = [];
const t = { after: (end) => ends.unshift(end) };
const [browser, server] = await startBoth();
const look = (app, name) => app.page.screenshot({ path: `${FOLDER}${name}.png` });

/** Three models answered; the next message is priced beside Send. */
async function compared(app) {
  await app.page.getByRole('button', { name: /^Compare 3 models/ }).click();
  await app.exactPrices();
  await app.send.click();
  await app.charges(3);
  await app.page.waitForURL(/\/c\//);
  await app.message.fill('Make it shorter, and friendlier.');
  await app.exactPrices();
  await app.page.locator('.thread').evaluate((thread) => thread.scrollTo(0, 0));
}

/** A picture, a document and a recording, each with what it adds. */
async function attached(app) {
  const { page } = app;
  await page.getByRole('button', { name: /^Model: / }).click();
  await page.getByRole('option', { name: 'Gemini 3.8 Flash' }).click();
  const photo = await page.evaluate(async () => {
    const canvas = new OffscreenCanvas(1600, 1200);
    const pen = canvas.getContext('2d');
    const sky = pen.createLinearGradient(0, 0, 0, 1200);
    sky.addColorStop(0, '#2f6f8f');
    sky.addColorStop(0.6, '#f2c179');
    sky.addColorStop(0.61, '#0f766e');
    sky.addColorStop(1, '#0b3f3b');
    pen.fillStyle = sky;
    pen.fillRect(0, 0, 1600, 1200);
    const blob = await canvas.convertToBlob({ type: 'image/jpeg' });
    return [...new Uint8Array(await blob.arrayBuffer())];
  });
  await page
    .getByTestId('file-input')
    .setInputFiles([
      { name: 'evening.jpg', mimeType: 'image/jpeg', buffer: Buffer.from(photo) },
      await paper('memo-libreoffice.pdf', 'memo.pdf'),
      wav(41.2),
    ]);
  await app.message.fill('What do these have in common?');
  await page.locator('.send[aria-disabled=false]').waitFor();
  await app.exactPrices();
}

/** Account and Details with what there is and where it went. */
async function account({ page }) {
  await page.getByRole('button', { name: /Guest/ }).click();
  await page.getByTestId('line').nth(1).waitFor();
}

await mkdir(FOLDER, { recursive: true });
try {
  for (const colorScheme of ['light', 'dark']) {
    const app = await openApp(t, browser, server, { colorScheme });
    await app.page.getByRole('button', { name: /^Compare 3 models/ }).waitFor();
    await app.message.fill('Explain compound interest to me with a small worked example.');
    await app.exactPrices();
    await look(app, `start-${colorScheme}`);
    await compared(app);
    await look(app, `compare-${colorScheme}`);
    await app.estimate.click();
    await look(app, `estimate-${colorScheme}`);
    await app.page.keyboard.press('Escape');
    await app.costs.first().click();
    await app.page.getByRole('button', { name: 'Check this charge' }).click();
    await app.page.getByRole('dialog').getByRole('status').getByText('The same').waitFor();
    await look(app, `receipt-${colorScheme}`);
    await app.page.keyboard.press('Escape');
    await account(app);
    await look(app, `account-${colorScheme}`);
    const other = await openApp(t, browser, server, { colorScheme });
    await attached(other);
    await look(other, `files-${colorScheme}`);
  }
  const phone = await openApp(t, browser, server, PHONE);
  await look(phone, 'start-phone');
  await compared(phone);
  await look(phone, 'compare-phone');
  await phone.balance.click();
  await phone.page.getByRole('button', { name: 'Buy a Custom Pack' }).click();
  await phone.page.getByText('Demo payment.').waitFor();
  await look(phone, 'pack-phone');
  await phone.page.keyboard.press('Escape');
  await phone.page.getByRole('button', { name: 'Conversations' }).click();
  await account(phone);
  await look(phone, 'account-phone');
  const other = await openApp(t, browser, server, PHONE);
  await attached(other);
  await look(other, 'files-phone');
} finally {
  for (const end of ends) await end();
  await browser.close();
  await server.end();
}
