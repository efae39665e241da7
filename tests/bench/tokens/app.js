// From a key to the painted estimate, in the app with a long draft; beside it, from the same key to
// the painted letter in the editor alone. Both in the same Chromium, at ten keys a second.
import { setTimeout as sleep } from 'node:timers/promises';
import { bookWith, startServer } from '../../e2e/harness.js';
import { quantile } from './measure.js';

const KEYS_MS = 100;
/** Each is a token by itself: no two of them merge. */
const KEYS = ['7', 'x'];
const CREDITS = '1000000';
/** A page that opens no faster than its frames would show the phase of a screen, not our work. */
export const BROWSER_FLAGS = ['--disable-frame-rate-limit', '--disable-gpu-vsync'];

/** Both, with `keys` keys each. `addresses` has the page of the editor alone. */
export async function measureTyping(browser, alone, text, keys) {
  const server = await startServer({ book: await fineBook() });
  try {
    return {
      alone: await typing(browser, { address: alone, sees: '.cm-content' }, text, keys),
      app: await typing(browser, { address: server.address, sees: '.composer-send' }, text, keys),
    };
  } finally {
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

async function typing(browser, { address, sees }, text, keys) {
  const context = await browser.newContext({ viewport: { width: 1280, height: 820 } });
  try {
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
    await sleep(1_000);
    const pasted = await page.evaluate(() => window.watched.clear());
    for (let key = 0; key < keys; key += 1) {
      await page.keyboard.press(KEYS[key % KEYS.length]);
      await sleep(KEYS_MS);
    }
    await sleep(1_000);
    const typed = await page.evaluate(() => window.watched.clear());
    if (typed.waits.length < keys * 0.9) {
      throw new Error(`${typed.waits.length} of ${keys} keys showed at ${address}`);
    }
    return {
      keys: typed.waits.length,
      p50_ms: quantile(typed.waits, 0.5),
      p99_ms: quantile(typed.waits, 0.99),
      longest_task_ms: typed.longestTask,
      longest_task_of_paste_ms: pasted.longestTask,
    };
  } finally {
    await context.close();
  }
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
