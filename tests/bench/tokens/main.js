// Measures this project's token counter beside others, in Node and in Chromium, in one run.
//
// `node main.js '{"length", "seed", "vocabulary", "chromium", "output"}'`, run by
// `cargo xtask bench tokens`. Every counter gets each text in a process or page of its own. It
// writes figures and rows; ratios, verdicts, table and chart are made of them there.
import { spawn } from 'node:child_process';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { chromium } from 'playwright-core';
import { BROWSER_FLAGS, measureTyping } from './app.js';
import { median } from './measure.js';
import { randomFrom, run } from './random.js';
import { rowsOf, typingRows } from './rows.js';
import { startSite } from './site.js';
import { readTexts } from './texts.js';

const CONTESTANTS = ['kumari', 'gpt-tokenizer', 'tiktoken', 'js-tiktoken', 'ai-tokenizer'];
const LENGTHS = {
  /** Only shows that it works. */
  short: { thousands: 2, repeats: 1, letters: 500, budgetMs: 20, quality: 1, keys: 20 },
  usual: { thousands: 100, repeats: 3, letters: 100_000, budgetMs: 400, quality: 11, keys: 200 },
  full: { thousands: 100, repeats: 7, letters: 100_000, budgetMs: 1_500, quality: 11, keys: 600 },
};
/** A text that a counter is not done with by then is given up. */
const TEXT_MS_MAX = 400_000;
const RUN_MS_MAX = 15_000;

class GaveUp extends Error {
  constructor(limit) {
    super(`given up after ${limit / 1000} s`);
  }
}

const wish = JSON.parse(process.argv[2]);
const { thousands, repeats, letters, budgetMs, quality, keys } = LENGTHS[wish.length];
const texts = await readTexts(thousands);
const letterRun = run(letters, randomFrom(wish.seed));
const notMeasured = [];

let vocabularyBytes;
let typed;
const figures = { node: await inNode(), chromium: await inChromium() };
assertSameCounts(figures);
const result = {
  contestants: CONTESTANTS,
  texts: Object.fromEntries(
    Object.entries(texts).map(([name, text]) => [name, Buffer.byteLength(text)]),
  ),
  figures,
  typed,
  rows: [...rowsOf(figures, Object.keys(texts), vocabularyBytes), ...typingRows(typed)],
  not_measured: notMeasured,
};
await writeFile(wish.output, JSON.stringify(result));

async function inNode() {
  const folder = await mkdtemp(join(tmpdir(), 'kumari-bench-'));
  const files = { ...texts, run: letterRun };
  for (const [name, text] of Object.entries(files)) await writeFile(join(folder, name), text);
  try {
    return await everything(async ({ contestant, text, isRun }) => {
      const { vocabulary, seed } = wish;
      const order = { contestant, textFile: join(folder, text), isRun, vocabulary, seed, budgetMs };
      return JSON.parse(await node(JSON.stringify(order), isRun ? RUN_MS_MAX : TEXT_MS_MAX));
    });
  } finally {
    await rm(folder, { recursive: true });
  }
}

/** Runs `in-node.js`; what it wrote. */
function node(order, limit) {
  const script = fileURLToPath(new URL('in-node.js', import.meta.url));
  const child = spawn(process.execPath, ['--expose-gc', '--no-warnings', script, order], {
    stdio: ['ignore', 'pipe', 'inherit'],
    timeout: limit,
  });
  let said = '';
  child.stdout.on('data', (chunk) => (said += chunk));
  return new Promise((resolve, reject) => {
    child.on('error', reject);
    child.on('close', (code, signal) => {
      if (code === 0) resolve(said);
      else reject(signal === 'SIGTERM' ? new GaveUp(limit) : new Error(`ended with ${code}`));
    });
  });
}

async function inChromium() {
  const site = await startSite(CONTESTANTS, { ...texts, run: letterRun }, wish.vocabulary, quality);
  const browser = await chromium.launch({
    executablePath: wish.chromium,
    args: ['--no-sandbox', '--disable-gpu', ...BROWSER_FLAGS],
  });
  try {
    const paths = CONTESTANTS.map((name) => `/contestants/${name}.js`);
    await site.warmUp([...paths, '/files/o200k_base.bin', '/files/tiktoken.wasm']);
    typed = await measureTyping(browser, `${site.address}alone`, texts.prose, keys);
    vocabularyBytes = await site.weightOf(['/files/o200k_base.bin']);
    return await everything(async ({ contestant, text, isRun }) => {
      const context = await browser.newContext();
      try {
        const page = await context.newPage();
        await page.goto(site.address);
        await page.waitForFunction(() => window.measure !== undefined);
        await site.weigh();
        const order = {
          contestant,
          textAddress: `/texts/${text}.txt`,
          isRun,
          seed: wish.seed,
          budgetMs,
        };
        const limit = isRun ? RUN_MS_MAX : TEXT_MS_MAX;
        const measured = page.evaluate((order) => window.measure(order), order);
        const figures = await Promise.race([measured, givenUpAfter(limit)]);
        // The page is gone by the time that it fails for it.
        measured.catch(() => undefined);
        return { ...figures, wire_bytes: await site.weigh() };
      } finally {
        await context.close();
      }
    });
  } finally {
    await browser.close();
    await site.end();
  }
}

/** Every counter with every text, several times in turn, so that a slow minute meets them all. */
async function everything(measure) {
  const found = Object.fromEntries(CONTESTANTS.map((name) => [name, {}]));
  for (let repeat = 0; repeat < repeats; repeat += 1) {
    for (const text of Object.keys(texts)) {
      for (const contestant of CONTESTANTS) {
        const figures = await measure({ contestant, text, isRun: false });
        (found[contestant][text] ??= []).push(figures);
      }
    }
  }
  for (const contestant of CONTESTANTS) {
    try {
      found[contestant].run = [await measure({ contestant, text: 'run', isRun: true })];
    } catch (error) {
      if (!(error instanceof GaveUp)) throw error;
      notMeasured.push(`${contestant}, ${letters} letters in one run: ${error.message}`);
    }
  }
  for (const texts of Object.values(found)) {
    for (const [text, figures] of Object.entries(texts)) texts[text] = medianOf(figures);
  }
  return found;
}

/** The median of each figure, whatever it is in. */
function medianOf(all) {
  const [first] = all;
  if (typeof first === 'number') return median(all);
  return Object.fromEntries(
    Object.keys(first).map((key) => [key, medianOf(all.map((one) => one[key]))]),
  );
}

/** Ours are tiktoken's counts, or there is no result; another's are said where they differ. */
function assertSameCounts(figures) {
  for (const [realm, counters] of Object.entries(figures)) {
    for (const text of Object.keys(texts)) {
      const right = counters.tiktoken[text].tokens;
      for (const contestant of CONTESTANTS) {
        const { tokens } = counters[contestant][text];
        if (tokens === right) continue;
        const words = `${contestant} counts ${tokens} tokens of ${text} in ${realm}, not ${right}`;
        if (contestant === 'kumari') throw new Error(words);
        notMeasured.push(`that is right: ${words}`);
      }
    }
  }
}

function givenUpAfter(limit) {
  return new Promise((_, reject) => {
    setTimeout(() => {
      reject(new GaveUp(limit));
    }, limit).unref();
  });
}
