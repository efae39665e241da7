// Files in the chat: what each adds is shown before it is uploaded, and is what the server says too.
import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import {
  assertAccessible,
  bookWithFree,
  micros,
  openApp,
  startBoth,
  startServer,
} from './harness.js';
import { paper, png, text, turnedJpeg, wav } from './made-files.js';

const MODEL = 'gemini-3.8-flash';
const HELLO = { o200k_base: 2, o200k_base_latin: 2 };

let browser;
let server;
before(async () => {
  [browser, server] = await startBoth();
});
after(async () => {
  await browser?.close();
  await server?.end();
});

/** What tests of files speak of, beside the parts of every page. */
async function openFiles(t, options = {}) {
  const app = await openApp(t, browser, options.server ?? server, options);
  const { page } = app;
  const chips = page.getByTestId('file');
  const chip = (name) => chips.filter({ hasText: name });
  return {
    ...app,
    chips,
    chip,
    attach: (...files) => page.getByTestId('file-input').setInputFiles(files),
    remove: (name) => page.getByRole('button', { name: `Remove ${name}`, exact: true }),
    reason: (words) => page.locator('.send + .visually-hidden', { hasText: words }).waitFor(),
    /** Waits until Send waits for nothing. */
    ready: () => page.locator('.send[aria-disabled=false]').waitFor(),
    async choose(model) {
      await page.getByRole('button', { name: /^Model: / }).click();
      await page.getByRole('option', { name: model }).click();
    },
    /** What a file adds, as its chip says. */
    shareOf: (name) => chip(name).getByTestId('share').getAttribute('data-share'),
    estimateOf: async (more) => {
      const request = { task: 'direct', models: [MODEL], messages: 1, ...more };
      const { status, body } = await app.ask('POST', '/api/estimate', { request });
      assert.equal(status, 200);
      return body.estimate;
    },
  };
}

/** Holds uploads until what it gives is called; `views` has what the server then says of them. */
async function holdUploads(page) {
  const views = new Map();
  let release;
  const held = new Promise((resolve) => (release = resolve));
  await page.route('**/api/files/*', async (route) => {
    if (route.request().method() !== 'PUT') return route.fallback();
    await held;
    const response = await route.fetch();
    const view = await response.json();
    views.set(view.name, view);
    await route.fulfill({ response });
  });
  return { release, views };
}

const plus = (...counts) => {
  const sum = {};
  for (const [kind, count] of counts.flatMap(Object.entries)) {
    sum[kind] = (sum[kind] ?? 0) + count;
  }
  return sum;
};

test('the price of files is there before they are uploaded, and is the server’s', async (t) => {
  let uploads;
  const app = await openFiles(t, { before: async (page) => (uploads = await holdUploads(page)) });
  await app.choose('Gemini 3.8 Flash');
  await app.message.fill('hello world');
  await app.attach(
    png(1024, 768),
    await paper('invoice-fpdf.pdf'),
    await paper('memo-libreoffice.docx', 'memo.docx', ''),
    wav(41.2),
  );
  await app.chip('picture.png').getByText('1,024 × 768').waitFor();
  await app
    .chip('invoice-fpdf.pdf')
    .getByText(/^\d+ pages?/)
    .waitFor();
  await app
    .chip('memo.docx')
    .getByText(/^\d+ pages?/)
    .waitFor();
  await app.chip('voice memo.wav').getByText('0:42').waitFor();
  const shown = await app.exactPrices();
  const share = await app.shareOf('picture.png');
  await app.reason('picture.png is still being uploaded.');
  assert.equal(await app.page.getByRole('progressbar').count(), 4);
  await assertAccessible(app.page, 'files on their way');
  await app.estimate.click();
  const details = app.page.getByRole('dialog');
  await details.getByText('What each file adds to the likely price').waitFor();
  await details.getByRole('row', { name: /picture\.png/ }).waitFor();
  await assertAccessible(app.page, 'what each file adds');
  const words = await details.getByText(/tokens of text are sent to each model/).textContent();
  const [, ofDocuments] = /of which ([\d,]+) are of documents/.exec(words);
  await app.page.keyboard.press('Escape');
  assert.equal(uploads.views.size, 0, 'all that was before anything was uploaded');

  uploads.release();
  await app.ready();
  assert.deepEqual(await app.prices(), shown, 'the server read the same');
  const { views } = uploads;
  const papers = ['invoice-fpdf.pdf', 'memo.docx'].map((name) => views.get(name).content.tokens);
  assert.ok(papers.every((tokens) => tokens.o200k_base > 10));
  assert.equal(Number(ofDocuments.replaceAll(',', '')), plus(...papers).o200k_base, 'each token');
  const input_tokens = plus(HELLO, ...papers);
  const attachments = [views.get('picture.png').content, views.get('voice memo.wav').content];
  assert.deepEqual(attachments, [
    { kind: 'image', width: 1024, height: 768 },
    { kind: 'audio', seconds: 42 },
  ]);
  const { low, expected, high } = await app.estimateOf({ input_tokens, attachments });
  assert.deepEqual(shown, { low, expected, high });
  const without = await app.estimateOf({ input_tokens, attachments: attachments.slice(1) });
  assert.equal(micros(share), micros(expected) - micros(without.expected));
  app.assertSilent();
});

test('a picture has the sides that it is shown with, here and on the server', async (t) => {
  let uploads;
  const app = await openFiles(t, { before: async (page) => (uploads = await holdUploads(page)) });
  await app.attach(await turnedJpeg(app.page));
  await app.chip('turned.jpg').getByText('20 × 40').waitFor();
  uploads.release();
  await app.ready();
  assert.deepEqual(uploads.views.get('turned.jpg').content, {
    kind: 'image',
    width: 20,
    height: 40,
  });
  app.assertSilent();
});

test('the reader of documents comes with the first of them; until then Send waits', async (t) => {
  let asked = 0;
  let release;
  const held = new Promise((resolve) => (release = resolve));
  const app = await openFiles(t);
  await app.page.route('**/assets/documents_bg-*.wasm', async (route) => {
    asked += 1;
    await held;
    await route.continue();
  });
  await app.message.fill('hello world');
  await app.exactPrices();
  await app.attach(png(64, 64));
  await app.ready();
  assert.equal(asked, 0, 'no other file needs it');
  await app.attach(text('notes.txt', 'Some notes.'));
  await app.reason('notes.txt is still being read.');
  await app.estimate.getByText('~').first().waitFor();
  release();
  await app.chip('notes.txt').getByText('1 page').waitFor();
  await app.ready();
  assert.equal(asked, 1);
  app.assertSilent();
});

test('a file is removed by keyboard, here and on the server', async (t) => {
  const app = await openFiles(t);
  await app.message.fill('hello world');
  const before = await app.exactPrices();
  await app.attach(png(1024, 768, 'one.png'), png(1024, 768, 'two.png'));
  await app.ready();
  assert.notDeepEqual(await app.prices(), before);
  const gone = app.page.waitForResponse((response) => response.request().method() === 'DELETE');
  await app.remove('one.png').focus();
  await app.page.keyboard.press('Enter');
  const response = await gone;
  assert.equal(response.status(), 204);
  const focused = () => app.page.evaluate(() => document.activeElement.ariaLabel);
  assert.equal(await focused(), 'Remove two.png');
  await app.page.keyboard.press('Enter');
  await app.chips.waitFor({ state: 'detached' });
  assert.equal(await focused(), 'Attach files');
  assert.deepEqual(await app.prices(), before);
  app.assertSilent();
});

/** A transfer of files, as a paste or a drop has it. */
const transferOf = (page, files) =>
  page.evaluateHandle(
    (files) => {
      const data = new DataTransfer();
      for (const { name, mimeType, bytes } of files) {
        data.items.add(new File([new Uint8Array(bytes)], name, { type: mimeType }));
      }
      return data;
    },
    files.map(({ buffer, ...file }) => ({ ...file, bytes: [...buffer] })),
  );

test('files are pasted and dropped; a text that has a picture beside it is pasted as text', async (t) => {
  const app = await openFiles(t);
  const { page } = app;
  const editor = page.locator('.cm-content');
  await editor.waitFor();
  const paste = (data) =>
    editor.evaluate((element, clipboardData) => {
      const event = { clipboardData, bubbles: true, cancelable: true };
      element.dispatchEvent(new ClipboardEvent('paste', event));
    }, data);
  await paste(await transferOf(page, [png(64, 64, 'pasted.png')]));
  await app.chip('pasted.png').getByText('64 × 64').waitFor();

  const dropped = await transferOf(page, [text('dropped.txt', 'Dropped words.')]);
  await editor.dispatchEvent('dragenter', { dataTransfer: dropped });
  await page.getByTestId('drop-target').waitFor();
  await assertAccessible(page, 'a file over the page');
  await editor.dispatchEvent('drop', { dataTransfer: dropped });
  await page.getByTestId('drop-target').waitFor({ state: 'detached' });
  await app.chip('dropped.txt').getByText('1 page').waitFor();
  assert.equal(await app.written(), '', 'the text of a file is not the message’s');

  const both = await transferOf(page, [png(64, 64, 'beside.png')]);
  await both.evaluate((data) => data.setData('text/plain', 'a cell'));
  await paste(both);
  await page.waitForFunction(() => document.querySelector('.cm-line').textContent === 'a cell');
  assert.equal(await app.chips.count(), 2);
  assert.equal(await app.written(), 'a cell');
  await app.ready();
  app.assertSilent();
});

test('a file that cannot be read says why, and blocks nothing', async (t) => {
  const app = await openFiles(t);
  await app.message.fill('hello world');
  const before = await app.exactPrices();
  await app.attach(
    { name: 'broken.png', mimeType: 'image/png', buffer: Buffer.from('no picture') },
    await paper('letter-qpdf-encrypted.pdf', 'locked.pdf'),
    { name: 'old.doc', mimeType: '', buffer: Buffer.from('d0cf11e0a1b11ae1', 'hex') },
    text('empty.txt', ''),
    { name: 'large.txt', mimeType: 'text/plain', buffer: Buffer.alloc(20 * 1024 * 1024 + 1, 'a') },
  );
  await app.chip('broken.png').getByText('This picture cannot be read.').waitFor();
  await app.chip('locked.pdf').getByText('The PDF is encrypted: save a copy without').waitFor();
  await app
    .chip('old.doc')
    .getByText(/cannot be read/)
    .waitFor();
  await app.chip('empty.txt').getByText('There is nothing in the file.').waitFor();
  await app.chip('large.txt').getByText('Larger than 20 MB').waitFor();
  assert.deepEqual(await app.exactPrices(), before);
  await app.ready();
  await assertAccessible(app.page, 'files that cannot be read');
  await app.remove('broken.png').click();
  assert.equal(await app.chips.count(), 4);
  app.assertSilent();
});

test('on a phone too, why a file cannot be sent is in sight', async (t) => {
  const viewport = { width: 360, height: 740 };
  const app = await openFiles(t, { viewport, hasTouch: true, isMobile: true });
  const names = ['one.png', 'two.png', 'three.png', 'four.png', 'five.png'];
  await app.attach(...names.map((name) => png(64, 64, name)), text('empty.txt', ''));
  const words = app.chip('empty.txt').getByText('There is nothing in the file.');
  await words.waitFor();
  await app.ready();
  const isInSight = (element) =>
    new Promise((resolve) => {
      new IntersectionObserver(([{ intersectionRatio }]) => resolve(intersectionRatio)).observe(
        element,
      );
    });
  assert.equal(await words.evaluate(isInSight), 1);
  await assertAccessible(app.page, 'files that cannot be read, on a phone');
  app.assertSilent();
});

test('a message has at most twenty files', async (t) => {
  const app = await openFiles(t);
  const files = Array.from({ length: 22 }, (_none, index) => text(`${index}.txt`, `${index}`));
  await app.attach(...files);
  await app.page
    .getByRole('alert')
    .getByText('2 files were left out: a message has at most 20.')
    .waitFor();
  assert.equal(await app.chips.count(), 20);
  await app.ready();
  app.assertSilent();
});

test('an upload that failed is tried again, and Send waits for it', async (t) => {
  const app = await openFiles(t, { allowed: [/Failed to load resource/] });
  const { page } = app;
  await page.route('**/api/files/*', (route) => route.abort(), { times: 1 });
  await app.attach(text('notes.txt', 'Some notes.'));
  await app.chip('notes.txt').getByText('the server cannot be reached').waitFor();
  await app.reason('notes.txt was not uploaded. Try again, or remove it.');
  await page.getByRole('button', { name: 'Upload notes.txt again' }).click();
  await app.ready();
  app.assertSilent();
});

test('what the server read counts, where it is something else', async (t) => {
  const app = await openFiles(t);
  await app.page.route('**/api/files/*', async (route) => {
    const response = await route.fetch();
    const view = await response.json();
    view.content = { kind: 'image', width: 2000, height: 1000 };
    await route.fulfill({ response, json: view });
  });
  await app.attach(png(64, 64));
  await app.chip('picture.png').getByText('2,000 × 1,000').waitFor();
  const attachments = [{ kind: 'image', width: 2000, height: 1000 }];
  await app.ready();
  const { expected } = await app.estimateOf({
    models: ['gpt-6-luna'],
    input_tokens: { o200k_base: 0 },
    attachments,
  });
  assert.equal((await app.exactPrices()).expected, expected);
  app.assertSilent();
});

test('a model that does not take a file is named, with what would help', async (t) => {
  const app = await openFiles(t);
  const { page } = app;
  await app.message.fill('hello world');
  await app.attach(png(640, 480), wav(3));
  const notice = page.getByRole('region', { name: 'This cannot be sent as it is' });
  await notice.getByText('voice memo.wav: GPT-6 Luna takes no audio at all').waitFor();
  await app.chip('voice memo.wav').getByText('Not for GPT-6 Luna').waitFor();
  await app.chip('picture.png').getByTestId('share').waitFor();
  await notice.getByRole('button', { name: 'Remove voice memo.wav' }).waitFor();
  await assertAccessible(page, 'a file that a model does not take');
  await notice.getByRole('button', { name: /^Ask Gemini 3.8 Flash/ }).click();
  await page.getByRole('button', { name: 'Model: Gemini 3.8 Flash' }).waitFor();
  await app.ready();
  assert.equal(await notice.count(), 0);
  app.assertSilent();
});

test('what an endpoint cannot be given is named by the server, and can be removed', async (t) => {
  const app = await openFiles(t, { allowed: [/Failed to load resource/] });
  const { page } = app;
  await app.choose('Gemini 3.8 Flash');
  await app.message.fill('hello world');
  await app.attach(png(640, 480), wav(3));
  await app.ready();
  await app.exactPrices();
  const refuse = (path, message) => {
    const denial = {
      code: 'request_invalid',
      message,
      transient: false,
      remedies: [{ kind: 'fix_request' }],
      path,
    };
    const problem = { code: denial.code, status: 422, detail: message, path, denial };
    return page.route('**/api/actions', (route) => route.fulfill({ status: 422, json: problem }), {
      times: 1,
    });
  };
  await refuse(
    'files[1]',
    '`voice memo.wav` cannot be given to `gemini-3.8-flash`, whose endpoint takes no sound: remove it, or convert it',
  );
  await app.send.click();
  const notice = page.getByRole('region', { name: 'This cannot be sent as it is' });
  await notice
    .getByText('voice memo.wav cannot be given to Gemini 3.8 Flash, whose endpoint takes no sound')
    .waitFor();
  assert.equal(await notice.getByRole('button', { name: /^Ask / }).count(), 0);
  assert.equal(await app.chips.count(), 2, 'the draft is as it was');
  await assertAccessible(page, 'a file that an endpoint cannot be given');
  await notice.getByRole('button', { name: 'Remove voice memo.wav' }).click();
  await notice.waitFor({ state: 'detached' });
  assert.equal(await app.chips.count(), 1);

  await app.ready();
  await refuse(
    'conversation_id',
    '`old.mp4` of an earlier message goes along again and cannot be given to `gemini-3.8-flash`, whose endpoint takes no clips: begin a new conversation',
  );
  await app.send.click();
  await notice.getByText('begin a new conversation.').waitFor();
  assert.equal(await notice.getByRole('button').count(), 0);
  await app.message.fill('hello again');
  await notice.waitFor({ state: 'detached' });
  await app.ready();
  await app.send.click();
  await app.charges(1);
  app.assertSilent();
});

test('a draft keeps its files across a reload', async (t) => {
  const app = await openFiles(t);
  const { page } = app;
  await app.choose('Gemini 3.8 Flash');
  await app.attach(png(640, 480), await paper('invoice-fpdf.pdf'), wav(3));
  await app.ready();
  const before = await app.exactPrices();
  await page.reload();
  await app.ready();
  assert.equal(await app.chips.count(), 3);
  assert.deepEqual(await app.exactPrices(), before);
  const preview = app.chip('picture.png').locator('img');
  await preview.evaluate((image) => image.decode());
  assert.match(await preview.getAttribute('src'), /^\/api\/files\//);

  await page.route('**/api/files/*', () => undefined);
  await app.attach(text('late.txt', 'too late'));
  await app.reason('late.txt is still being uploaded.');
  await page.reload();
  await app.chip('late.txt').getByText('Attach it again.').waitFor();
  await app.ready();
  app.assertSilent();
});

test('files are sent with a message or alone, are shown, and count again with the next message', async (t) => {
  const app = await openFiles(t);
  const { page } = app;
  await app.choose('Gemini 3.8 Flash');
  await app.message.fill('hello world');
  await app.attach(
    png(1024, 768),
    await paper('memo-libreoffice.docx', 'memo.docx', ''),
    wav(41.2),
  );
  await app.ready();
  const { high } = await app.exactPrices();
  let release;
  const held = new Promise((resolve) => (release = resolve));
  await page.route('**/api/actions', async (route) => {
    await held;
    await route.continue();
  });
  await app.send.click();
  const sent = page.getByRole('list', { name: 'Files of this message' });
  await sent.getByRole('link', { name: 'Open picture.png' }).waitFor();
  await page.locator('.asked-note').waitFor();
  assert.equal(await app.chips.count(), 0, 'they are in the message now');
  release();

  const [charge] = await app.charges(1);
  assert.ok(micros(charge) <= micros(high), `${charge} is at most ${high}`);
  await page.waitForURL(/\/c\//);
  const conversation = page.url().split('/').pop();
  const { body } = await app.ask('GET', `/api/conversations/${conversation}`);
  const [question] = body.messages;
  assert.deepEqual(
    question.files.map(({ name, content }) => [name, content.kind]),
    [
      ['picture.png', 'image'],
      ['memo.docx', 'document'],
      ['voice memo.wav', 'audio'],
    ],
  );
  await page.getByText('I looked at picture.png: 1024 × 768 pixels.').waitFor();
  await page.getByText('I listened to voice memo.wav: 42 seconds.').waitFor();
  const picture = sent.getByRole('img', { name: 'picture.png' });
  await picture.evaluate((image) => image.decode());
  const player = sent.locator('audio');
  await player.evaluate(
    (audio) => audio.readyState > 0 || new Promise((resolve) => (audio.onloadedmetadata = resolve)),
  );
  const download = page.waitForEvent('download');
  await sent.getByRole('link', { name: /memo\.docx/ }).click();
  assert.equal((await download).suggestedFilename(), 'memo.docx');
  const opened = page.waitForEvent('popup');
  await sent.getByRole('link', { name: 'Open picture.png' }).click();
  await (await opened).close();

  // The server counts the answer once it is complete; the page asks for that by itself.
  await app.message.fill('hello world');
  const history = body.messages.map(({ tokens }) => tokens);
  const papers = question.files.flatMap(({ content }) => content.tokens ?? []);
  const pictures = question.files.map(({ content }) => content);
  const attachments = pictures.filter(({ kind }) => kind !== 'document');
  const input_tokens = plus(HELLO, ...history, ...papers);
  const next = { input_tokens, attachments, messages: 3 };
  const served = await app.estimateOf(next);
  await page.locator(`[data-high="${served.high}"]`).waitFor();
  const { low, expected } = await app.exactPrices();
  assert.deepEqual([low, expected], [served.low, served.expected]);

  // After a reload all of that is as it was; then a picture alone is a message.
  await page.reload();
  await picture.evaluate((image) => image.decode());
  await page.locator(`[data-high="${served.high}"]`).waitFor();
  await app.message.fill('');
  await app.attach(png(64, 64, 'small.png'));
  await app.ready();
  await app.send.click();
  await app.charges(2);
  await page.getByText('I looked at small.png: 64 × 64 pixels.').waitFor();
  assert.equal(await sent.count(), 2);
  assert.equal(await page.locator('.asked').count(), 1, 'no empty text is shown');
  app.assertSilent();
});

test('a message that is not taken gives its files back', async (t) => {
  const app = await openFiles(t, { allowed: [/Failed to load resource/] });
  const { page } = app;
  await app.attach(png(640, 480));
  await app.ready();
  await app.exactPrices();
  const problem = {
    status: 404,
    contentType: 'application/problem+json',
    body: JSON.stringify({ code: 'file_unknown', detail: 'there is no such file' }),
  };
  await page.route('**/api/actions', (route) => route.fulfill(problem), { times: 1 });
  await app.send.click();
  await page.getByRole('alert').getByText('there is no such file').waitFor();
  await app.chip('picture.png').getByText('640 × 480').waitFor();
  await app.ready();
  await app.send.click();
  await app.charges(1);
  app.assertSilent();
});

test('without credits files stay with the draft', async (t) => {
  const own = await startServer({ book: await bookWithFree('0.01') });
  t.after(own.end);
  const app = await openFiles(t, { server: own });
  const stored = app.page.waitForResponse((response) => response.request().method() === 'PUT');
  await app.attach(png(640, 480));
  await (await stored).finished();
  await app.page.getByRole('progressbar').waitFor({ state: 'detached' });
  await app.chip('picture.png').getByTestId('share').waitFor();
  await app.page.getByText('Not enough credits for this message').first().waitFor();
  await app.page.reload();
  await app.chip('picture.png').getByTestId('share').waitFor();
  app.assertSilent();
});
