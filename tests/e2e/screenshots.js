// Pictures of the app for the documents, made with the real server: `npm run screenshots`.
import { mkdir } from 'node:fs/promises';
import { fileURLToPath } from 'node:url';
import { openApp, startBrowser, startServer } from './harness.js';

const FOLDER = fileURLToPath(new URL('./screenshots/', import.meta.url));
const PHONE = { viewport: { width: 390, height: 844 }, hasTouch: true, isMobile: true };

const ends = [];
const t = { after: (end) => ends.unshift(end) };
const [browser, server] = await Promise.all([startBrowser(), startServer()]);
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
  }
  const phone = await openApp(t, browser, server, PHONE);
  await look(phone, 'start-phone');
  await compared(phone);
  await look(phone, 'compare-phone');
  await phone.balance.click();
  await phone.page.getByRole('button', { name: 'Buy a Custom Pack' }).click();
  await phone.page.getByText('Demo payment.').waitFor();
  await look(phone, 'pack-phone');
} finally {
  for (const end of ends) await end();
  await browser.close();
  await server.end();
}
