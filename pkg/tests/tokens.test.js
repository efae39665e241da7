// Counting beside a page: what is typed is counted, and stays counted whatever happens between.
import { TokenCounter } from '@kumari/credits/tokens';
import { TokenDocument, Vocabulary, init, warmUp } from '@kumari/credits/tokens/direct';
import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { before, test } from 'node:test';
import { hostings, startHost, vocabularyFile } from './vocabulary.js';

const threads = process.getBuiltinModule('node:worker_threads');
const ENCODINGS = ['o200k_base', 'cl100k_base'];
const vocabularies = Object.fromEntries(
  ENCODINGS.map((encoding) => [encoding, vocabularyFile(encoding).href]),
);
const direct = {};
before(async () => {
  await init();
  for (const encoding of ENCODINGS)
    direct[encoding] = new Vocabulary(readFileSync(vocabularyFile(encoding)));
});

const countsOf = (text) =>
  Object.fromEntries(
    ENCODINGS.flatMap((encoding) => {
      const [all, latin] = direct[encoding].countTextParts(text);
      return [
        [encoding, all],
        [`${encoding}_latin`, latin],
      ];
    }),
  );

function start(t, options = {}) {
  const counter = new TokenCounter({ vocabularies, ...options });
  t.after(() => {
    counter.close();
  });
  return counter;
}

/** An editor: its text, and a draft that is told what changes in it. */
function editor(counter, text = '') {
  const one = { text, reads: 0 };
  one.draft = counter.open(ENCODINGS, () => {
    one.reads += 1;
    return one.text;
  });
  one.edit = (offset, deleted, inserted) => {
    one.text = one.text.slice(0, offset) + inserted + one.text.slice(offset + deleted);
    one.draft.edit(offset, deleted, inserted);
  };
  one.isCountedRight = async () => {
    assert.deepEqual(await one.draft.exact(), { tokens: countsOf(one.text), isExact: true });
  };
  return one;
}

for (const worker of [true, false]) {
  const where = worker ? 'in a worker' : 'without a worker';

  test(`edits are counted, ${where}`, async (t) => {
    const one = editor(start(t, { worker }), 'Hello world');
    await one.isCountedRight();
    one.edit(5, 0, ',');
    one.edit(12, 0, '! 👋🏽');
    one.edit(0, 5, 'Bye');
    await one.isCountedRight();
    // A pair is torn apart, and joined again.
    one.edit(0, one.text.length, '😀');
    one.edit(1, 1, '');
    one.edit(1, 0, '\ude00');
    await one.isCountedRight();
    one.edit(0, 2, '');
    await one.isCountedRight();
  });

  test(`a long text is counted while it is edited, ${where}`, async (t) => {
    const one = editor(start(t, { worker }), 'before ');
    one.edit(7, 0, 'word by word, '.repeat(10_000));
    one.edit(70_000, 3, 'and more');
    await one.isCountedRight();
  });
}

test('of a burst of edits no count but the last is told', async (t) => {
  const one = editor(start(t), '');
  await one.isCountedRight();
  const told = [];
  one.draft.subscribe((count) => told.push(count.tokens.o200k_base));
  for (const letter of 'a burst of edits in one go') one.edit(one.text.length, 0, letter);
  assert.deepEqual(one.draft.count().tokens, countsOf(''), 'typing waits for no count');
  await one.isCountedRight();
  assert.deepEqual(told, [countsOf(one.text).o200k_base]);
});

test('where memory is shared, the frame after an edit has its count', async (t) => {
  const frames = [];
  const shared = [];
  const { SharedArrayBuffer } = globalThis;
  globalThis.crossOriginIsolated = true;
  globalThis.requestAnimationFrame = (frame) => frames.push(frame);
  globalThis.SharedArrayBuffer = class extends SharedArrayBuffer {
    constructor(...parameters) {
      super(...parameters);
      shared.push(this);
    }
  };
  t.after(() => {
    delete globalThis.crossOriginIsolated;
    delete globalThis.requestAnimationFrame;
    globalThis.SharedArrayBuffer = SharedArrayBuffer;
  });
  const counter = start(t);
  const [one, other] = [editor(counter, 'Hello'), editor(counter, 'another draft')];
  await one.isCountedRight();
  await other.isCountedRight();
  const told = [];
  one.draft.subscribe((count) => told.push(count));

  const version = new Int32Array(shared[0], 0, 1);
  const before = Atomics.load(version, 0);
  one.edit(5, 0, ', world');
  one.edit(12, 0, '!');
  assert.equal(frames.length, 1, 'one frame for all edits until then');
  // Nothing here gives way to the loop of events, so no message is heard.
  const deadline = performance.now() + 10_000;
  while (Atomics.load(version, 0) < before + 4 && performance.now() < deadline);
  frames.pop()();
  const count = { tokens: countsOf('Hello, world!'), isExact: true };
  assert.deepEqual(told, [count]);
  assert.deepEqual(one.draft.count(), count);
  assert.deepEqual(other.draft.count().tokens, countsOf('another draft'));

  // The message says it once more, and nobody is told again.
  await counter.count('heard after it', ENCODINGS);
  assert.equal(told.length, 1);

  // A frame that comes before its count shows the one before; the message brings it.
  one.edit(0, 5, 'Goodbye');
  frames.pop()();
  await one.isCountedRight();
});

test('several drafts are counted side by side, and single texts', async (t) => {
  const counter = start(t);
  const drafts = ['one', 'and two', 'and three of them'].map((text) => editor(counter, text));
  for (const one of drafts) one.edit(0, 0, 'well, ');
  for (const one of drafts) await one.isCountedRight();
  const texts = ['a message', 'and its answer'];
  const counts = await Promise.all(texts.map((text) => counter.count(text, ENCODINGS)));
  assert.deepEqual(counts, texts.map(countsOf));
});

test('a draft beyond the limits is given back, and sent anew when it is edited', async (t) => {
  for (const limits of [{ drafts: 2 }, { units: 30 }]) {
    const counter = start(t, { limits });
    const first = editor(counter, 'the first of three');
    await first.isCountedRight();
    const others = [editor(counter, 'the second'), editor(counter, 'the third one')];
    for (const one of others) await one.isCountedRight();
    assert.equal(first.reads, 1);
    first.edit(0, 3, 'The');
    await first.isCountedRight();
    assert.equal(first.reads, 2, 'its text was asked for again');
    assert.equal(others[1].reads, 1, 'the one used last was kept');
    counter.close();
  }
});

test('a draft that is too long is counted roughly, and exactly once it is shorter', async (t) => {
  const one = editor(start(t), 'abcd '.repeat(1_800_000));
  const { tokens, isExact } = one.draft.count();
  assert.equal(isExact, false);
  assert.ok(Math.abs(tokens.o200k_base / 3_600_000 - 1) < 0.6, String(tokens.o200k_base));
  one.edit(10, one.text.length - 10, '');
  await one.isCountedRight();
});

test('an edit that is not inside the draft makes it start anew', async (t) => {
  const faults = [];
  const one = editor(start(t, { onFault: (fault) => faults.push(fault) }), 'short');
  await one.isCountedRight();
  one.draft.edit(90, 5, 'lost');
  await one.isCountedRight();
  assert.match(faults.join(), /90/);
});

test('a worker that dies is started again, and the drafts sent anew', async (t) => {
  const { Worker } = threads;
  const started = [];
  threads.Worker = class extends Worker {
    constructor(...parameters) {
      super(...parameters);
      started.push(this);
    }
  };
  t.after(() => {
    threads.Worker = Worker;
  });
  const faults = [];
  const one = editor(start(t, { onFault: (fault) => faults.push(fault) }), 'still here');
  await one.isCountedRight();
  for (let deaths = 1; deaths <= 2; deaths += 1) {
    const question = one.draft.exact();
    started.at(-1).terminate();
    one.edit(0, 0, 'and ');
    await question;
    await one.isCountedRight();
  }
  assert.equal(started.length, 3);
  assert.equal(faults.length, 2);
  // What is counted may be what kills it: the third time the page goes on without.
  started.at(-1).terminate();
  const rough = await new Promise((resolve) => one.draft.subscribe(resolve));
  assert.equal(rough.isExact, false);
  assert.equal(started.length, 3);
});

test('a worker that says nothing any more is started again, however much is typed', async (t) => {
  const { Worker } = threads;
  const started = [];
  threads.Worker = class extends Worker {
    isDeaf = false;
    constructor(...parameters) {
      super(...parameters);
      started.push(this);
    }
    postMessage(order) {
      if (!this.isDeaf) super.postMessage(order);
    }
  };
  t.after(() => {
    threads.Worker = Worker;
  });
  const one = editor(start(t), 'hello');
  await one.isCountedRight();
  t.mock.timers.enable({ apis: ['setTimeout'] });
  started[0].isDeaf = true;
  one.edit(5, 0, ',');
  t.mock.timers.tick(9_000);
  one.edit(6, 0, ' you');
  assert.equal(started.length, 1);
  t.mock.timers.tick(1_000);
  t.mock.timers.reset();
  assert.equal(started.length, 2);
  await one.isCountedRight();
});

test('a vocabulary comes from any host, packed or not', async (t) => {
  const host = await startHost(hostings('o200k_base'));
  t.after(host.close);
  for (const path of Object.keys(host.answers)) {
    const counter = start(t, { vocabularies: { o200k_base: host.url + path } });
    const counted = await counter.count('Hello world', ['o200k_base']);
    assert.deepEqual(counted, { o200k_base: 2, o200k_base_latin: 2 }, path);
    counter.close();
  }
});

test('without a vocabulary counts are approximate, until it comes', async (t) => {
  const host = await startHost({});
  t.after(host.close);
  let onFault;
  const fault = new Promise((resolve) => (onFault = resolve));
  const counter = start(t, { vocabularies: { o200k_base: `${host.url}/later.bin` }, onFault });
  const draft = counter.open(['o200k_base'], () => 'Hello world, how are you today?');
  const first = await new Promise((resolve) => draft.subscribe(resolve));
  assert.equal(first.isExact, false);
  assert.ok(Math.abs(first.tokens.o200k_base - 8) <= 1);
  const exact = draft.exact();
  assert.match(await fault, /later\.bin answered 404/);
  host.answers['/later.bin'] = hostings('o200k_base')['/plain.bin'];
  assert.deepEqual(await exact, {
    tokens: { o200k_base: 8, o200k_base_latin: 8 },
    isExact: true,
  });
});

test('who waits when the counter is closed is told', async () => {
  const counter = new TokenCounter({ vocabularies: {} });
  const draft = counter.open(['o200k_base'], () => 'never');
  const waiting = [draft.exact(), counter.count('never', ['o200k_base'])];
  counter.close();
  for (const one of waiting) await assert.rejects(one, /closed/);
  assert.throws(() => counter.open(['o200k_base'], () => ''), /closed/);
});

test('a document of its own counts where it is called', () => {
  const document = new TokenDocument(direct.o200k_base);
  document.edit(0, 0, 'Hello world');
  assert.deepEqual([document.count(), document.countLatin(), document.length], [2, 2, 11]);
  document.edit(11, 0, ' 世界 12');
  assert.deepEqual([document.count(), document.countLatin(), document.length], [5, 3, 17]);
  assert.deepEqual([...direct.o200k_base.countTextParts('Hello world 世界 12')], [5, 3]);
  assert.throws(() => document.edit(50, 1, ''), { code: 'edit_out_of_range' });
});

test('a counter that warms up is there for others meanwhile', async () => {
  const document = new TokenDocument(direct.o200k_base);
  const ends = [];
  const warming = warmUp(direct.o200k_base).then(() => ends.push('warm'));
  document.edit(0, 0, 'Hello world');
  assert.equal(document.count(), 2);
  await new Promise((resolve) => setTimeout(resolve, 0));
  ends.push('asked');
  await warming;
  assert.deepEqual(ends, ['asked', 'warm']);
});

test('a warm-up that is not wanted any more lets go of its vocabulary', async () => {
  const vocabulary = new Vocabulary(readFileSync(vocabularyFile('o200k_base')));
  const aborting = new AbortController();
  const warming = warmUp(vocabulary, aborting);
  aborting.abort();
  vocabulary.free();
  await warming;
});
