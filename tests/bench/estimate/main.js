// Measures this project's estimate beside the price calculators of others, in Node, in Chromium and
// in Python, in one run.
//
// `node main.js '{"length", "seed", "book", "native", "python", "chromium", "output"}'`, run by
// `cargo xtask bench estimate`. Every calculator gets the same questions, several times in turn, in
// a process or page of its own. It writes figures and rows; ratios, verdicts, table and chart are
// made of them there.
import { execFile } from 'node:child_process';
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { chromium } from 'playwright-core';
import { median } from '../tokens/measure.js';
import { MODELS, questions } from './questions.js';
import { rowsOf } from './rows.js';
import { startSite } from './site.js';

const LENGTHS = {
  /** Only shows that it works. */
  short: { count: 16, repeats: 1, budgetMs: 20 },
  usual: { count: 256, repeats: 5, budgetMs: 500 },
  full: { count: 1_024, repeats: 15, budgetMs: 2_000 },
};
const RUN_MS_MAX = 120_000;
const IN_JAVASCRIPT = ['kumari', 'genai-prices'];
const IN_PYTHON = ['genai-prices', 'litellm'];

const wish = JSON.parse(process.argv[2]);
const { count, repeats, budgetMs } = LENGTHS[wish.length];
const folder = await mkdtemp(join(tmpdir(), 'kumari-bench-'));
const orderFile = join(folder, 'order.json');
let figures;
try {
  const book = await readFile(wish.book, 'utf8');
  const asked = await withAnswers(book, questions(count, wish.seed));
  const order = JSON.stringify({ book, models: MODELS, questions: asked, budgetMs });
  await writeFile(orderFile, order);
  const site = await startSite(IN_JAVASCRIPT, order);
  const browser = await chromium.launch({
    executablePath: wish.chromium,
    args: ['--no-sandbox', '--disable-gpu'],
  });
  try {
    const realms = {
      node: [IN_JAVASCRIPT, inNode],
      chromium: [IN_JAVASCRIPT, (contestant) => inPage(browser, site.address, contestant)],
      ...(wish.python && { python: [IN_PYTHON, inPython] }),
    };
    figures = await everything(realms);
  } finally {
    await browser.close();
    await site.end();
  }
} finally {
  await rm(folder, { recursive: true });
}
const result = {
  models: MODELS,
  questions: count,
  figures,
  rows: rowsOf(figures),
  not_measured: wish.python ? [] : ['genai-prices and LiteLLM in Python: there is no Python'],
};
await writeFile(wish.output, JSON.stringify(result));

/** The questions with what the native engine answers to each. */
async function withAnswers(book, asked) {
  const lines = [{ book }, ...asked.map(({ request }) => ({ index: 0, request }))];
  const text = lines.map((line) => `${JSON.stringify(line)}\n`).join('');
  const answers = (await run(wish.native, ['answer'], text)).trimEnd().split('\n');
  return asked.map((question, index) => ({ ...question, expected: answers[index] }));
}

/** Every calculator several times in turn, so that a slow minute meets them all. */
async function everything(realms) {
  const found = {};
  for (let repeat = 0; repeat < repeats; repeat += 1) {
    for (const [realm, [contestants, measure]] of Object.entries(realms)) {
      for (const contestant of contestants) {
        const all = ((found[realm] ??= {})[contestant] ??= []);
        all.push(await measure(contestant));
      }
    }
  }
  return mapped(found, (contestants) => mapped(contestants, medians));
}

function mapped(object, change) {
  return Object.fromEntries(
    Object.entries(object).map(([key, value]) => [key, change(value, key)]),
  );
}

/** The median of each figure. */
function medians(runs) {
  return mapped(runs[0], (_, key) => median(runs.map((one) => one[key])));
}

async function inNode(contestant) {
  const script = fileURLToPath(new URL('in-node.js', import.meta.url));
  return JSON.parse(await run(process.execPath, [script, contestant, orderFile]));
}

async function inPython(contestant) {
  const script = fileURLToPath(new URL('in_python.py', import.meta.url));
  return JSON.parse(await run(wish.python, [script, contestant, orderFile]));
}

async function inPage(browser, address, contestant) {
  const page = await browser.newPage();
  try {
    await page.goto(address);
    await page.waitForFunction(() => window.measure !== undefined);
    return await page.evaluate((contestant) => window.measure(contestant), contestant);
  } finally {
    await page.close();
  }
}

/** What a program writes, given `input`. */
async function run(program, args, input = '') {
  const limits = { timeout: RUN_MS_MAX, maxBuffer: 1 << 28 };
  const ran = promisify(execFile)(program, args, limits);
  ran.child.stdin.end(input);
  return (await ran).stdout;
}
