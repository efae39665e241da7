// The pure functions in Node, on a small book whose prices are those of the worked examples.
import assert from 'node:assert/strict';
import { before, test } from 'node:test';
import {
  eligibility,
  eligibilityJson,
  estimate,
  estimateJson,
  flags,
  format,
  init,
  inputOf,
  loadPriceBook,
  replay,
  rulesVersion,
  sharesOf,
} from '@kumari/credits';
import { direct, prices, refusal } from './rules.js';
import { BOOK, CALIBRATION } from './server.js';

let book;
before(async () => {
  await init();
  await init();
  book = loadPriceBook(BOOK);
});

const standing = (available, more = {}) => ({
  settled: available,
  held: '0',
  available,
  open_holds: 0,
  plan: 'free',
  closed: false,
  disputed: false,
  ...more,
});

test('E1: a charge is exact and rounded up once', () => {
  const price = estimate(book, direct(1234, { output_tokens_max: 567 }));
  assert.deepEqual(prices(price), ['0.81', '1.38', '1.38']);
  const [leg] = price.legs;
  assert.deepEqual(
    leg.candidates[0].lines.map((line) => [line.kind, line.amount]),
    [
      ['base', '0.5'],
      ['meter', '0.3085'],
      ['meter', '0.567'],
      ['rounding', '0.0045'],
    ],
  );
  assert.equal(price.price_book, book.version);
});

test('an input is the sum of its parts, each of which can be told', () => {
  const parts = {
    system: { o200k_base: 900, o200k_base_latin: 800 },
    tools: { count: 2, tokens: { o200k_base: 300 } },
    conversation: { messages: 4, tokens: { o200k_base: 3200, cl100k_base: 3300 } },
    draft: { o200k_base: 120, o200k_base_latin: 100, cl100k_base: 130 },
  };
  assert.deepEqual(inputOf(parts), {
    // Not all of it was counted in cl100k_base.
    input_tokens: { o200k_base: 4520, o200k_base_latin: 900 },
    messages: 6,
    tools: 2,
  });
  const { draft, conversation } = parts;
  assert.deepEqual(inputOf({ draft, conversation }), {
    input_tokens: { o200k_base: 3320, o200k_base_latin: 100, cl100k_base: 3430 },
    messages: 5,
  });
  assert.deepEqual(inputOf({ draft: { o200k_base: 1 } }), {
    input_tokens: { o200k_base: 1 },
    messages: 1,
  });
  assert.deepEqual(sharesOf(parts, 'o200k_base'), {
    system: 900,
    tools: 300,
    conversation: 3200,
    draft: 120,
    all: 4520,
  });
  const request = { task: 'direct', models: ['quill'], ...inputOf(parts) };
  const [leg] = estimate(book, request).legs;
  assert.equal(leg.candidates[0].bounds.input_tokens.low, 4520);
});

test('R11: a calibration moves the likely price alone', () => {
  const calibrated = loadPriceBook(BOOK, CALIBRATION);
  const [plain, price] = [book, calibrated].map((one) => estimate(one, direct(1234)));
  // 0.5 and 0.3085, and 0.1, 0.2 and 0.3 for the answer.
  assert.deepEqual(price.likely, { low: '0.91', high: '1.11' });
  assert.equal(price.expected, '1.01');
  assert.deepEqual(price.legs[0].likely, price.likely);
  assert.deepEqual([price.low, price.high, price.level], [plain.low, plain.high, plain.level]);
  assert.equal(plain.likely, undefined);
  assert.equal(calibrated.version, book.version);
  assert.equal(estimateJson(calibrated, JSON.stringify(direct(1234))), JSON.stringify(price));
});

test('a calibration that cannot be used is refused', () => {
  const cases = [
    ['{', 'json_malformed', ''],
    ['{"schema": 1}', 'calibration_invalid', 'rows'],
    [
      CALIBRATION.replace('p90', 'p99'),
      'calibration_invalid',
      'rows[0].bands[0].output_tokens.p99',
    ],
    ['{"schema": 2, "rows": [], "hours": []}', 'engine_outdated', 'schema'],
  ];
  for (const [text, code, path] of cases) {
    const error = refusal(() => loadPriceBook(BOOK, text));
    assert.deepEqual([error.code, error.path], [code, path], text);
  }
});

test('E2: a comparison is the sum of its legs, each rounded by itself', () => {
  const twice = JSON.parse(BOOK);
  const second = { ...twice.models[0], id: 'brush', name: 'Brush' };
  twice.models.push(second);
  const pair = loadPriceBook(JSON.stringify(twice));
  const one = estimate(pair, direct(1234, { output_tokens_max: 567 }));
  const both = estimate(pair, {
    ...direct(1234, { output_tokens_max: 567 }),
    task: 'compare',
    models: ['quill', 'brush'],
  });
  assert.equal(one.high, '1.38');
  assert.equal(both.high, '2.76');
  assert.deepEqual(both.level, { kind: 'units', units: [{ level: 'medium', count: 2 }] });
  pair.free();
});

test('E3: a tier begins strictly above its threshold and prices the whole leg', () => {
  const high = (tokens) => estimate(book, direct(tokens, { output_tokens_max: 1000 })).high;
  assert.equal(high(272_000), '69.5');
  assert.equal(high(272_001), '138.51');
});

test('caps lower the high price', () => {
  assert.equal(estimate(book, direct(1234)).high, '4.91');
  assert.equal(estimate(book, direct(1234), { output_tokens: 567 }).high, '1.38');
  assert.equal(estimate(book, direct(1234), null).high, '4.91');
});

test('what the book does not offer is an error and a denial in one', () => {
  const error = refusal(() => estimate(book, { ...direct(1), models: ['pen'] }));
  assert.ok(error instanceof Error);
  assert.equal(error.name, 'CreditsError');
  assert.equal(error.code, 'not_offered');
  assert.deepEqual(error.remedies, [{ kind: 'fix_request' }]);
  assert.equal(error.transient, false);
});

test('malformed arguments are refused with the path of the field', () => {
  const cases = [
    [{ ...direct(1), colour: 'red' }, 'colour'],
    [{ ...direct(1), models: ['quill', 7] }, 'models[1]'],
    [{ ...direct(1), input_tokens: { o200k_base: '1' } }, 'input_tokens.o200k_base'],
    [{ ...direct(1), input_tokens: { o200k_base: 1.5 } }, 'input_tokens.o200k_base'],
    [{ ...direct(1), images: -1 }, 'images'],
    [{ models: ['quill'] }, 'task'],
    ['"direct"', ''],
    [null, ''],
    [undefined, ''],
  ];
  for (const [request, path] of cases) {
    const error = refusal(() => estimate(book, request));
    assert.deepEqual([error.code, error.path], ['request_invalid', path], JSON.stringify(request));
  }
  // A text is read as the JSON that it says.
  assert.equal(refusal(() => estimate(book, 'direct')).code, 'json_malformed');
  const quote = { price_book: book.version, rules: '1', high: 4.91 };
  const error = refusal(() => eligibility(book, standing('1'), direct(1), quote));
  assert.deepEqual([error.code, error.path], ['request_invalid', 'high']);
});

test('an object is read as its JSON says, and what JSON has no form for is refused', () => {
  const price = estimate(book, direct(1));
  class Asked {
    constructor() {
      Object.assign(this, direct(1), { images: undefined });
    }
    toJSON() {
      return {};
    }
  }
  assert.deepEqual(estimate(book, new Asked()), price);
  assert.deepEqual(estimate(book, Object.freeze(direct(1)), { steps: undefined }), price);
  assert.deepEqual(estimate(book, direct(1, { flags: undefined })), price);

  const nested = (levels) => (levels === 0 ? [] : [nested(levels - 1)]);
  const cyclic = direct(1);
  cyclic.flags = [{ cyclic }];
  const notWhole = 'a number that is not whole or too large';
  const cases = [
    [{ images: NaN }, 'images', notWhole],
    [{ images: Infinity }, 'images', notWhole],
    [{ images: 2 ** 53 }, 'images', notWhole],
    // In JSON it is a zero like any other.
    [{ images: -0 }, 'images', '0 is out of range'],
    [{ images: 1n }, 'images', 'a bigint'],
    [{ images: new Date(0) }, 'images', 'an object'],
    [{ images: Object(1) }, 'images', 'an object'],
    [{ images: [] }, 'images', 'an array'],
    [{ models: ['quill', () => 'quill'] }, 'models[1]', 'a function'],
    [{ models: ['quill', undefined] }, 'models[1]', 'null'],
    [{ models: ['quill\ud800'] }, 'models[0]', '`quill\ufffd` is not an id'],
    [{ models: ['"'] }, 'models[0]', '`"` is not an id'],
    [{ models: ['\\'] }, 'models[0]', '`\\` is not an id'],
    [{ models: ['\n'] }, 'models[0]', '`\n` is not an id'],
    [{ models: nested(98) }, 'models[0]', 'an array, expected'],
    [{ models: nested(99) }, '', 'it contains itself, or nests more than 100 deep'],
    [{ input_tokens: { o200k_base: Symbol('1') } }, 'input_tokens.o200k_base', 'a symbol'],
    [{ 'a "b"\n': 1 }, 'a "b"\n', 'unknown field'],
    [cyclic, '', 'it contains itself'],
  ];
  for (const [more, path, message] of cases) {
    const error = refusal(() => estimate(book, direct(1, more)));
    assert.deepEqual([error.code, error.path], ['request_invalid', path], error.message);
    assert.ok(error.message.includes(message), error.message);
  }
  const error = refusal(() => estimate(book, () => direct(1)));
  assert.deepEqual([error.code, error.path], ['request_invalid', '']);
});

test('eligibility: allowed, capped, paused, and what would help', () => {
  assert.deepEqual(eligibility(book, standing('100'), direct(1234)), {
    verdict: 'allowed',
    hold: '4.91',
    caps: {},
  });
  const capped = eligibility(book, standing('2'), direct(1234));
  assert.equal(capped.verdict, 'allowed');
  assert.equal(capped.hold, '2');
  assert.equal(capped.caps.output_tokens, 1191);
  const paused = eligibility(book, standing('0'), direct(1234));
  assert.equal(paused.code, 'credits_exhausted');
  assert.deepEqual(paused.remedies, [
    { kind: 'upgrade_to_pro' },
    { kind: 'buy_pack', usd_min: 10 },
  ]);
  const changed = eligibility(book, standing('100'), direct(1234), {
    price_book: 'another',
    rules: rulesVersion(),
    high: '4.91',
  });
  assert.equal(changed.code, 'price_changed');
  assert.equal(changed.estimate.high, '4.91');
});

test('the JSON functions give the same values, canonical', () => {
  const request = direct(1234);
  const text = estimateJson(book, JSON.stringify(request));
  assert.deepEqual(JSON.parse(text), estimate(book, request));
  assert.ok(text.startsWith('{"caps":{},"expected":"1.38","high":"4.91","legs":[{"candidates":'));
  const refused = JSON.parse(estimateJson(book, JSON.stringify({ ...request, models: [] })));
  assert.equal(refused.denial.code, 'request_invalid');
  const verdict = eligibilityJson(book, JSON.stringify(standing('100')), JSON.stringify(request));
  assert.equal(verdict, '{"caps":{},"hold":"4.91","verdict":"allowed"}');
  assert.equal(refusal(() => estimateJson(book, '{')).code, 'json_malformed');
  // What is no text is read as the value that it is, and harms nothing.
  assert.equal(estimateJson(book, request), text);
  assert.equal(refusal(() => estimateJson(book, undefined)).code, 'request_invalid');
  assert.equal(estimateJson(book, JSON.stringify(request)), text);
});

test('a receipt replays to the same charge, and a changed one does not', () => {
  const usage = { input_tokens: 1234, output_tokens: 567 };
  const { lines } = estimate(book, direct(1234, { output_tokens_max: 567 })).legs[0].candidates[0];
  const receipt = {
    action_id: 'a1',
    task: 'direct',
    price_book: book.version,
    rules: rulesVersion(),
    authorized_at: '2026-11-23T10:00:00Z',
    hold: '4.91',
    caps: {},
    legs: [
      {
        hold: '4.91',
        outcome: {
          kind: 'settled',
          at: '2026-11-23T10:00:09.250Z',
          model: 'quill',
          usage,
          usage_source: 'reported',
          finish: 'completed',
          lines,
          charge: '1.38',
          absorbed: '0',
          drawn: [{ lot: 1, kind: 'free', amount: '1.38' }],
        },
      },
    ],
    charge: '1.38',
    released: '3.53',
  };
  assert.deepEqual(replay(book, receipt), {
    matches: true,
    price_book: book.version,
    charge: '1.38',
    legs: [{ lines, charge: '1.38', absorbed: '0' }],
    differences: [],
  });
  const changed = structuredClone(receipt);
  changed.legs[0].outcome.usage.output_tokens = 568;
  const replayed = replay(book, changed);
  assert.equal(replayed.matches, false);
  assert.ok(replayed.differences.length > 0);
  assert.equal(replayed.legs[0].lines[2].quantity, 568);
  const broken = structuredClone(receipt);
  broken.legs[0].outcome.finish = 'maybe';
  assert.match(refusal(() => replay(book, broken)).path, /^legs\[0\]\.outcome/);
});

test('a book has a version that depends on its content alone', () => {
  assert.match(book.version, /^[0-9a-f]{64}$/);
  assert.equal(loadPriceBook(book.json()).version, book.version);
  assert.equal(loadPriceBook(JSON.parse(BOOK)).version, book.version);
  assert.notEqual(loadPriceBook(BOOK.replace('0.01', '0.02')).version, book.version);
});

test('a pack is of whole dollars that the book sells', () => {
  assert.equal(book.packCredits(10), '1000');
  assert.equal(book.packCredits(5000), '500000');
  for (const usd of [9, 5001, 10.5, -10, NaN, Infinity, 2 ** 32 + 10, 2 ** 53]) {
    assert.equal(book.packCredits(usd), undefined, `${usd}`);
  }
});

test('a book that cannot be read says where', () => {
  const cases = [
    ['{', 'json_malformed', ''],
    [`${BOOK} x`, 'json_malformed', ''],
    ['{"id":"a","id":"b"}', 'price_book_invalid', 'id'],
    ['[]', 'price_book_invalid', ''],
    [
      BOOK.replace('"credits": "250"', '"credits": 250'),
      'price_book_invalid',
      'models[0].rates.input_tokens.credits',
    ],
    [BOOK.replace('"charge_step"', '"step"'), 'price_book_invalid', 'step'],
    [BOOK.replace('"schema": 1', '"schema": 2'), 'engine_outdated', 'schema'],
    [{ ...JSON.parse(BOOK), charge_step: 0.01 }, 'price_book_invalid', 'charge_step'],
    [{}, 'price_book_invalid', 'schema'],
    [null, 'price_book_invalid', ''],
    [5, 'price_book_invalid', ''],
    [Symbol('book'), 'request_invalid', ''],
  ];
  for (const [given, code, path] of cases) {
    const error = refusal(() => loadPriceBook(given));
    assert.deepEqual([error.code, error.path], [code, path], error.message);
  }
});

test('amounts for people are exact in every language', () => {
  const cases = [
    ['0', 'en', '0'],
    ['12', 'en', '12'],
    ['-12', 'en', '-12'],
    ['0.0000001', 'en', '0.0000001'],
    ['1.4', 'en', '1.40'],
    ['1.38', 'de', '1,38'],
    ['1.3755', 'en', '1.3755'],
    ['-0.5', 'en', '-0.50'],
    ['12345.678901', 'en', '12,345.678901'],
    ['1234567', 'hi', '12,34,567'],
    // As floats these two are one number.
    ['9007199254740992', 'en', '9,007,199,254,740,992'],
    ['9007199254740993', 'en', '9,007,199,254,740,993'],
  ];
  for (const [amount, locale, shown] of cases) assert.equal(format(amount, locale), shown);
  assert.equal(typeof format('1.5'), 'string');
  const refused = ['', '1.50', '01', '1e3', 'NaN', '1,5', '-0', '.5', '1.', '+1', ' 1', '١'];
  refused.push('0.00000000000000001', '1'.repeat(23), 1.5, null);
  for (const amount of refused) {
    assert.equal(refusal(() => format(amount)).code, 'amount_invalid', amount);
  }
  assert.equal(refusal(() => format('1', 'no such language')).code, 'locale_invalid');
});

test('flags say what a text looks like', () => {
  assert.deepEqual(flags('hello'), []);
  assert.deepEqual(flags('```js\n1\n``` and \\frac{1}{2}'), ['code', 'math']);
});
