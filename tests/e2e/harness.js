// A real server, a real browser, and what every test of the app needs: a page whose console stays
// silent, and the same answers from the demo provider at every run.
import assert from 'node:assert/strict';
import { execFile, spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { createRequire } from 'node:module';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { chromium } from 'playwright-core';

const ROOT = fileURLToPath(new URL('../../', import.meta.url));
export const SERVER = process.env.KUMARI_SERVER ?? join(ROOT, 'target/debug/kumari-credits');
const CHROMIUM = process.env.KUMARI_CHROMIUM ?? '/usr/bin/chromium';
const WAIT_MS = 10_000;
const SEED = '7';
const AXE = createRequire(import.meta.url).resolve('axe-core/axe.min.js');

/** The book inside the program, changed by `change`. */
export async function bookWith(change) {
  const book = JSON.parse(await readFile(join(ROOT, 'src/server/price-book.json'), 'utf8'));
  change(book);
  return book;
}

/** The same, with what a guest begins with. */
export function bookWithFree(credits) {
  return bookWith((book) => {
    book.plans.find((plan) => plan.id === 'free').credits = credits;
  });
}

/** A message to GPT-6 Luna costs exactly 0.9 credits, and a guest begins with enough for two. */
export function bookOfTwoMessages() {
  return bookWith((book) => {
    book.plans.find((plan) => plan.id === 'free').credits = '1.8';
    const { offers } = book.tasks.find((row) => row.task === 'direct');
    Object.assign(
      offers.find((offer) => offer.models.tier === 'lightweight'),
      {
        per_request: '0.9',
        multiplier: '1',
      },
    );
    const luna = book.models.find((model) => model.id === 'gpt-6-luna');
    for (const rates of [luna.rates, ...(luna.tiers ?? []).map((tier) => tier.rates)]) {
      for (const meter of Object.keys(rates))
        Object.assign(rates[meter], { credits: '0', free: true });
    }
  });
}

/**
 * Starts the server with its database in a new folder; `book` replaces its own, `more` gives further
 * arguments for its address. Passkeys are for a `host` with a name.
 */
export async function startServer({
  book,
  pace = 'none',
  host = '127.0.0.1',
  port: wanted,
  more = () => [],
  env = {},
} = {}) {
  const folder = await mkdtemp(join(tmpdir(), 'kumari-e2e-'));
  const port = wanted ?? (await freePort());
  const database = join(folder, 'credits.db');
  const fileOf = async (name, document) => {
    const file = join(folder, `${name}.json`);
    await writeFile(file, JSON.stringify(document));
    return file;
  };
  const operate = (...args) => promisify(execFile)(SERVER, [...args, '--database', database]);
  let child;
  const server = {
    address: `http://${host}:${port}`,
    async start(next) {
      const args = ['serve', '--port', String(port), '--database', database];
      args.push('--demo-seed', SEED, '--demo-pace', pace, '--demo-failures-per-10-000', '0');
      args.push('--shutdown-seconds', '1', ...more(server.address));
      if (next) {
        args.push('--price-book', await fileOf('book', next));
      }
      child = spawn(SERVER, args, {
        stdio: ['ignore', 'pipe', 'pipe'],
        env: { ...process.env, ...env },
      });
      const mine = child;
      process.once('exit', () => mine.kill('SIGKILL'));
      await listening(child);
    },
    /** What an operator does beside the running server. */
    priceBook: (...args) => operate('price-book', ...args),
    async publish(next) {
      await server.priceBook('publish', await fileOf('book', next), '--now');
    },
    /** Tells a fact about money, as a backend with a service key does. */
    async pay(account, fact) {
      const { stdout } = await operate('key', 'create', '--name', 'e2e');
      const response = await fetch(`${server.address}/api/accounts/${account}/payments`, {
        method: 'POST',
        headers: {
          authorization: `Bearer ${stdout.split('\n')[0]}`,
          'content-type': 'application/json',
        },
        body: JSON.stringify(fact),
      });
      assert.ok(response.ok, `${response.status} ${await response.text()}`);
    },
    /** Lets likely prices follow a calibration, or the book alone where there is none. */
    async calibrate(calibration) {
      if (!calibration) return operate('calibration', 'withdraw');
      return operate('calibration', 'publish', await fileOf('calibration', calibration));
    },
    async stop() {
      if (child.exitCode !== null) return;
      const ended = once(child, 'exit');
      child.kill('SIGTERM');
      await ended;
    },
    async end() {
      await server.stop();
      await rm(folder, { recursive: true, force: true });
    },
  };
  await server.start(book);
  return server;
}

function startBrowser(more) {
  return chromium.launch({
    executablePath: CHROMIUM,
    args: [
      '--no-sandbox',
      '--disable-gpu',
      '--disable-quic',
      '--no-first-run',
      '--disable-background-networking',
      '--disable-component-update',
      '--disable-sync',
      ...more,
    ],
  });
}

/**
 * Starts a browser and what serves its pages. Where that cannot start, the browser is ended: while
 * it runs, so would the test. `more` are its further arguments.
 */
export async function startBoth(serve = startServer, more = []) {
  const browser = await startBrowser(more);
  try {
    return [browser, await serve()];
  } catch (fault) {
    await browser.close();
    throw fault;
  }
}

/**
 * A new guest's page, with what it wrote to its console. `allowed` names what a test provokes;
 * `before` has the page before it is opened.
 */
export async function openApp(
  t,
  browser,
  server,
  { allowed = [], path = '/', before, ...options } = {},
) {
  const context = await browser.newContext({
    baseURL: server.address,
    viewport: { width: 1280, height: 820 },
    locale: 'en-GB',
    timezoneId: 'UTC',
    reducedMotion: 'reduce',
    ...options,
  });
  context.setDefaultTimeout(WAIT_MS);
  t.after(() => context.close());
  const page = await context.newPage();
  const complaints = [];
  page.on('console', (message) => {
    const isBad = ['error', 'warning'].includes(message.type());
    if (isBad && !allowed.some((one) => one.test(message.text()))) complaints.push(message.text());
  });
  page.on('pageerror', (error) => complaints.push(error.stack ?? error.message));
  await before?.(page);
  await page.goto(path);
  const app = partsOf(page);
  await app.balance.waitFor();
  return {
    ...app,
    page,
    context,
    /** The end of every test. */
    assertSilent() {
      assert.deepEqual(complaints, [], 'the console stays silent');
    },
  };
}

/** The parts of the page that tests speak of, by role and name where they have one. */
function partsOf(page) {
  const message = page.getByLabel('Message', { exact: true });
  const estimate = page.getByTestId('estimate');
  const balance = page.getByTestId('balance');
  const costs = page.getByTestId('cost');
  return {
    message,
    estimate,
    balance,
    costs,
    send: page.getByRole('button', { name: 'Send', exact: true }),
    stop: page.getByRole('button', { name: 'Stop', exact: true }),
    /** The text of the message, as far as it is drawn: short ones are drawn whole. */
    written: () =>
      message.evaluate(
        (field) =>
          field.value ??
          [...field.querySelectorAll('.cm-line')]
            .map((line) => (line.querySelector('.cm-placeholder') ? '' : line.textContent))
            .join('\n'),
      ),
    /** Low, expected and high of the estimate that is shown. */
    async prices() {
      return estimate.locator('[data-low]').evaluate(({ dataset: { low, expected, high } }) => ({
        low,
        expected,
        high,
      }));
    },
    /** Waits until the vocabulary is here: the price has no `~`. */
    async exactPrices() {
      await page.locator('[data-testid=estimate]:not(:has-text("~"))').waitFor();
      return this.prices();
    },
    settled: () => balance.getAttribute('data-settled'),
    /** Waits until the balance is as given. */
    balanceIs: (amount) =>
      page.locator(`[data-testid=balance][data-settled="${amount}"]`).waitFor(),
    /** Waits until `count` answers have their cost, and gives the charges. */
    async charges(count) {
      await costs.nth(count - 1).waitFor();
      return costs.evaluateAll((all) => all.map((one) => one.dataset.charge));
    },
    /** The server's own answer, asked with the page's session. */
    async ask(method, route, data) {
      const response = await page.request.fetch(route, { method, ...(data && { data }) });
      return { status: response.status(), body: await response.json() };
    },
  };
}

/** Fails where axe finds anything. */
export async function assertAccessible(page, state) {
  if (!(await page.evaluate(() => 'axe' in window))) {
    // Added through the protocol: the server's policy allows no foreign script.
    await page.evaluate(await readFile(AXE, 'utf8'));
  }
  const found = await page.evaluate(() =>
    window.axe.run(document, { resultTypes: ['violations'] }),
  );
  const faults = found.violations.map(
    ({ id, nodes }) =>
      `${id}: ${nodes.map((node) => `${node.html} ${node.failureSummary}`).join('\n')}`,
  );
  assert.deepEqual(faults, [], `axe finds nothing in: ${state}`);
}

/** An amount in micro-credits, exactly. */
export function micros(amount) {
  const [whole, fraction = ''] = amount.split('.');
  return BigInt(whole) * 1_000_000n + BigInt(fraction.padEnd(6, '0'));
}

export function sum(amounts) {
  return amounts.map(micros).reduce((a, b) => a + b, 0n);
}

export async function freePort() {
  const probe = createServer().listen(0, '127.0.0.1');
  await once(probe, 'listening');
  const { port } = probe.address();
  probe.close();
  await once(probe, 'close');
  return port;
}

/** Waits for the line that says where the server listens. */
function listening(child) {
  return new Promise((resolve, reject) => {
    let said = '';
    const hear = (chunk) => {
      said += chunk;
      if (said.includes('listens on')) resolve();
    };
    child.stdout.on('data', hear);
    child.stderr.on('data', hear);
    child.on('error', reject);
    child.on('exit', (code) => reject(new Error(`the server ended with ${code}:\n${said}`)));
  });
}
