// Prepared prices in Node, on the same small book as the rules.
import assert from 'node:assert/strict';
import { before, test } from 'node:test';
import {
  creditsOf,
  estimate,
  init,
  loadPriceBook,
  prepareEstimate,
} from '@kumari/credits/prepared';
import { direct, prices, refusal } from './rules.js';
import { BOOK, CALIBRATION } from './server.js';

let book;
before(async () => {
  // What could not be loaded is tried again.
  await assert.rejects(init(new Uint8Array(8)));
  await init();
  book = loadPriceBook(BOOK);
});

test('a prepared price is that of the estimate, in micro-credits', () => {
  const template = { task: 'direct', models: ['quill'], output_tokens_max: 567 };
  const prepared = prepareEstimate(book, template);
  assert.deepEqual(prepared.price({ o200k_base: 1234 }), {
    low: 810_000,
    expected: 1_380_000,
    high: 1_380_000,
  });
  // It is the request as it was prepared, also where the estimate is asked.
  template.models[0] = 'another';
  assert.equal(refusal(() => prepared.price({})).path, 'input_tokens.o200k_base');
  const capped = prepareEstimate(book, { task: 'direct', models: ['quill'] }, { output_tokens: 9 });
  for (const tokens of [0, 1, 1234, 271_999, 272_000, 272_001, 300_000]) {
    for (const messages of [0, 1, 40, null, undefined]) {
      const counts = { o200k_base: tokens, cl100k_base: 7 };
      for (const [one, more, caps] of [
        [prepared, { output_tokens_max: 567 }],
        [capped, {}, { output_tokens: 9 }],
      ]) {
        const price = one.price(counts, messages);
        const request = direct(tokens, { ...more, input_tokens: counts, messages });
        assert.deepEqual(
          prices(price).map(creditsOf),
          prices(estimate(book, request, caps)),
          `${tokens} ${messages}`,
        );
      }
    }
  }
  prepared.free();
  capped.free();
});

test('a prepared price has the likely range of the estimate', () => {
  const calibrated = loadPriceBook(BOOK, CALIBRATION);
  const prepared = prepareEstimate(calibrated, { task: 'direct', models: ['quill'] });
  for (const tokens of [0, 1234, 271_990, 272_001]) {
    const { expected, likely } = prepared.price({ o200k_base: tokens });
    const estimated = estimate(calibrated, direct(tokens));
    assert.equal(creditsOf(expected), estimated.expected);
    assert.deepEqual(
      [likely.low, likely.high].map(creditsOf),
      [estimated.likely.low, estimated.likely.high],
      `${tokens}`,
    );
  }
  prepared.free();
});

test('what a prepared price cannot be is told as the estimate tells it', () => {
  const prepared = prepareEstimate(book, { task: 'direct', models: ['quill'] });
  const cases = [
    [{}, 1, 'input_tokens.o200k_base'],
    [{ o200k_base: 1.5 }, 1, 'input_tokens.o200k_base'],
    [{ o200k_base: NaN }, 1, 'input_tokens.o200k_base'],
    [{ o200k_base: -1 }, 1, 'input_tokens.o200k_base'],
    [{ o200k_base: '1' }, 1, 'input_tokens.o200k_base'],
    [{ o200k_base: 10_000_000_001 }, 1, 'input_tokens.o200k_base'],
    [{ o200k_base: 9_000_000 }, 1, 'input_tokens'],
    [{ o200k_base: 1 }, 100_001, 'messages'],
    [{ o200k_base: 1 }, -1, 'messages'],
    [{ o200k_base: 1 }, true, 'messages'],
    [{ o200k_base: 1 }, '1', 'messages'],
    [{ o200k_base: 1, cl100k_base: -1 }, 1, 'input_tokens.cl100k_base'],
    [{ o200k_base: 1, cl100k_base: null }, 1, 'input_tokens.cl100k_base'],
  ];
  for (const [counts, messages, path] of cases) {
    const error = refusal(() => prepared.price(counts, messages));
    assert.deepEqual([error.code, error.path], ['request_invalid', path], error.message);
  }
  const unknown = refusal(() => prepareEstimate(book, { task: 'direct', models: ['pen'] }));
  assert.equal(unknown.code, 'not_offered');
  const malformed = refusal(() => prepareEstimate(book, { task: 'direct', colour: 'red' }));
  assert.equal(malformed.path, 'colour');
  const absurd = refusal(() => prepareEstimate(book, { task: 'direct', models: [() => 'quill'] }));
  assert.deepEqual([absurd.code, absurd.path], ['request_invalid', 'models[0]']);
  const watched = new Proxy({ task: 'direct', models: ['quill'] }, {});
  assert.deepEqual(
    prepareEstimate(book, watched).price({ o200k_base: 1 }),
    prepared.price({ o200k_base: 1 }),
  );
});

test('an amount that no number holds exactly is an error', () => {
  const dearest = (minimum) => {
    const dear = JSON.parse(BOOK);
    dear.tasks.forEach((task) => task.offers.forEach((offer) => (offer.minimum = minimum)));
    const prepared = prepareEstimate(loadPriceBook(JSON.stringify(dear)), {
      task: 'direct',
      models: ['quill'],
    });
    return prepared.price({ o200k_base: 1 }).low;
  };
  // The first is prepared, the second is the estimate's.
  assert.equal(creditsOf(dearest('1125899906')), '1125899906');
  assert.equal(creditsOf(dearest('9007199254')), '9007199254');
  assert.equal(refusal(() => dearest('9007199255')).code, 'amount_too_large');
});

test('micro-credits are written as all amounts are', () => {
  const cases = [
    [0, '0'],
    [1, '0.000001'],
    [-1, '-0.000001'],
    [1_380_000, '1.38'],
    [12_000_000, '12'],
    [-12_345_678_901, '-12345.678901'],
    [Number.MAX_SAFE_INTEGER, '9007199254.740991'],
  ];
  for (const [micros, credits] of cases) assert.equal(creditsOf(micros), credits);
  for (const micros of [0.5, NaN, 2 ** 53]) {
    assert.equal(refusal(() => creditsOf(micros)).code, 'amount_invalid');
  }
});
