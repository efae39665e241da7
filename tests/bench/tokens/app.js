// From a key to the painted estimate, in the app with a long draft; beside it, from the same key to
// the painted letter in the editor alone. Both in the same Chromium, at ten keys a second.
import { setTimeout as sleep } from 'node:timers/promises';
import { bookWith, startServer } from '../../e2e/harness.js';
import { quantile } from './measure.js';

const KEYS_MS = 100;
const KEYS_A_TURN = 10;
/** Each is a token by itself: no two of them merge. */
const KEYS = ['7', 'x'];
/** Long enough for what a page does when nobody types. */
const PAUSE_MS = 1_000;
const CREDITS = '1000000';
/** A page that opens no faster than its frames would show the phase of a screen, not our work. */
export const BROWSER_FLAGS = ['--disable-frame-rate-limit', '--disable-gpu-vsync'];

/**
 * Both, with `keys` keys each, in turns: what slows the machine for a moment slows both. `alone` is
 * the address of the editor alone.
 */
export async function measureTyping(browser, alone, text, keys) {
  const server = await startServer({ book: await fineBook() });
  const pages = [];
  try {
    for (const [address, sees] of [
      [alone, '.cm-content'],
      [server.address, '.composer-send'],
    ]) {
      pages.push(await openPage(browser, address, sees, text));
    }
    for (let key = 0; key < keys; key += KEYS_A_TURN) {
      for (const page of pages) await page.type(Math.min(KEYS_A_TURN, keys - key));
    }
    const [ofAlone, ofApp] = await Promise.all(pages.map((page) => page.result(keys)));
    return { alone: ofAlone, app: ofApp };
  } finally {
    for (const page of pages) await page.close();
    await server.end();
  }
}

/** A token more shows in the price, and there is enough for a book's worth of them. */
function fineBook() {
  return bookWith((book) => {
    book.charge_step = '0.000001';
    book.plans.find((plan) => plan.id === 'free').credits = CREDITS;
  });
}

/** A page with the text pasted, where keys are measured. */
async function openPage(browser, address, sees, text) {
  const context = await browser.newContext({ viewport: { width: 1280, height: 820 } });
  const page = await context.newPage();
  await page.goto(address);
  const editor = page.locator('.cm-content');
  await editor.click();
  if (sees !== '.cm-content') await priced(page, editor);
  await page.evaluate(watch, sees);
  await page.evaluate(() => window.watched.clear());
  await editor.evaluate((element, text) => {
    const clipboardData = new DataTransfer();
    clipboardData.setData('text/plain', text);
    element.dispatchEvent(new ClipboardEvent('paste', { clipboardData, bubbles: true }));
  }, text);
  await sleep(PAUSE_MS);
  const pasted = await page.evaluate(() => window.watched.clear());
  let typed = 0;
  return {
    async type(keys) {
      await page.bringToFront();
      for (let key = 0; key < keys; key += 1) {
        await page.keyboard.press(KEYS[typed % KEYS.length]);
        await sleep(KEYS_MS);
        typed += 1;
      }
      await sleep(PAUSE_MS);
    },
    async result(keys) {
      const { waits, longestTask } = await page.evaluate(() => window.watched.clear());
      if (waits.length < keys * 0.9) {
        throw new Error(`${waits.length} of ${keys} keys showed at ${address}`);
      }
      return {
        keys: waits.length,
        p50_ms: quantile(waits, 0.5),
        p99_ms: quantile(waits, 0.99),
        longest_task_ms: longestTask,
        longest_task_of_paste_ms: pasted.longestTask,
      };
    },
    close: () => context.close(),
  };
}

/** Waits until vocabularies and prices are here. */
async function priced(page, editor) {
  await editor.pressSequentially('x');
  await page.locator('[data-testid=estimate]:not(:has-text("~"))').waitFor();
  await editor.press('Backspace');
}

/**
 * In the page: how long from a key until what is watched was painted anew, and the longest task of
 * those that a browser calls long: 50 ms and more.
 */
function watch(selector) {
  let [began, pending] = [null, null];
  const found = { waits: [], longestTask: 0 };
  let isInFrame = false;
  const { port1, port2 } = new MessageChannel();
  // A task after a frame's callbacks: the frame was painted.
  port1.onmessage = () => {
    isInFrame = false;
    if (pending !== null) found.waits.push(performance.now() - pending);
    pending = null;
  };
  const inFrame = (work) => {
    requestAnimationFrame(() => {
      isInFrame = true;
      work?.();
      port2.postMessage(null);
    });
  };
  addEventListener('keydown', () => (began = performance.now()), true);
  // Before whatever the page does with the letter, so its frame's callback is the first of all.
  addEventListener('beforeinput', () => inFrame(), true);
  const changed = () => {
    if (began === null) return;
    const from = began;
    began = null;
    // What changes in a frame's callback is painted with that frame, all else with the next.
    if (isInFrame) pending = from;
    else inFrame(() => (pending = from));
  };
  const parts = { subtree: true, childList: true, characterData: true, attributes: true };
  const isPrice = selector === '.composer-send';
  new MutationObserver(changed).observe(document.querySelector(selector), {
    ...parts,
    ...(isPrice && { attributeFilter: ['data-low'], childList: false, characterData: false }),
  });
  new PerformanceObserver((list) => {
    for (const { duration } of list.getEntries()) {
      found.longestTask = Math.max(found.longestTask, duration);
    }
  }).observe({ type: 'longtask' });
  window.watched = {
    clear() {
      const all = { waits: found.waits, longestTask: found.longestTask };
      Object.assign(found, { waits: [], longestTask: 0 });
      return all;
    },
  };
}
