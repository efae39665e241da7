// `CreditsClient` against a server on this machine: what it sends, and what its one state shows.
import assert from 'node:assert/strict';
import { afterEach, before, test } from 'node:test';
import { CreditsClient, init } from '@kumari/credits/client';
import { BOOK, CALIBRATION, balance, problem, startServer } from './server.js';

const REQUEST = {
  task: 'direct',
  models: ['quill'],
  input_tokens: { o200k_base: 1234 },
  messages: 1,
};
const UUID_V7 = /^[0-9a-f]{8}-[0-9a-f]{4}-7[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}$/;

before(() => init());

const opened = [];
afterEach(async () => {
  for (const close of opened.splice(0)) await close();
});

async function serve(answers) {
  const server = await startServer(answers);
  opened.push(server.close);
  return server;
}

function clientOf(server) {
  const client = new CreditsClient({ baseUrl: server.url });
  opened.unshift(() => client.close());
  return client;
}

async function started(answers) {
  const server = await serve(answers);
  const client = clientOf(server);
  await client.start();
  return { server, client };
}

const message = (client, more = {}) => ({
  conversation_id: client.newId(),
  task: 'direct',
  models: ['quill'],
  text: 'hello',
  ...more,
});

const admitted = (request) => ({
  status: 201,
  body: {
    action_id: request.body.action_id,
    conversation_id: request.body.conversation_id,
    task: 'direct',
    status: 'running',
    hold: request.body.quote.high,
    legs: [],
    receipt: null,
  },
});

test('it goes from loading to live, and shows session, book and balance', async () => {
  const server = await serve();
  const client = clientOf(server);
  assert.equal(client.state().status, 'loading');
  const seen = [];
  client.subscribe((state) => seen.push(state.status));
  await client.start();
  const state = client.state();
  assert.equal(state.status, 'live');
  assert.equal(state.as_of, null);
  assert.deepEqual(state.session, {
    account_id: 'a1',
    guest: true,
    demo_payments: true,
    tasks: ['direct'],
  });
  assert.deepEqual(state.price_book, JSON.parse(BOOK));
  assert.match(state.price_book_version, /^[0-9a-f]{64}$/);
  assert.deepEqual(state.balance, balance(1, '100'));
  assert.equal(seen.at(-1), 'live');
});

test('a state is one object until something changes, and cannot be changed', async () => {
  const { client } = await started();
  const state = client.state();
  assert.equal(client.state(), state);
  assert.throws(() => {
    state.status = 'offline';
  }, TypeError);
  client.setRequest(REQUEST);
  assert.notEqual(client.state(), state);
  assert.equal(client.state().price_book, state.price_book, 'the book is the same object');
  const states = [];
  const unsubscribe = client.subscribe((one) => states.push(one));
  client.setRequest(null);
  unsubscribe();
  unsubscribe();
  client.setRequest(REQUEST);
  assert.equal(states.length, 1);
  assert.equal(states[0].draft, null);
});

test('the draft has its price at once', async () => {
  const { client } = await started();
  client.setRequest(REQUEST);
  const { draft } = client.state();
  assert.deepEqual(draft.request, REQUEST);
  assert.deepEqual(
    [draft.estimate.low, draft.estimate.expected, draft.estimate.high],
    ['0.81', '1.38', '4.91'],
  );
  assert.deepEqual(draft.eligibility, { verdict: 'allowed', hold: '4.91', caps: {} });
  assert.throws(() => client.setRequest({ ...REQUEST, models: 'quill' }), {
    name: 'CreditsError',
    code: 'request_invalid',
    path: 'models',
  });
});

test('the likely price follows the calibration in force', async () => {
  const { server, client } = await started({
    'GET /api/calibration': () => ({ text: CALIBRATION }),
  });
  const calibrated = new Promise((resolve) => {
    client.subscribe((state) => state.calibration && resolve());
  });
  client.setRequest(REQUEST);
  await server.until(() => server.count('GET /api/calibration') === 1);
  await calibrated;
  const { calibration, draft } = client.state();
  assert.deepEqual(calibration, JSON.parse(CALIBRATION));
  assert.deepEqual(draft.estimate.likely, { low: '0.91', high: '1.11' });
  assert.equal(draft.estimate.expected, '1.01');
  assert.deepEqual(draft.eligibility, { verdict: 'allowed', hold: '4.91', caps: {} });
  client.setRequest(null);
  assert.equal(client.state().calibration, calibration, 'the same object');
});

test('without a calibration, or with one of a newer form, nothing is amiss', async () => {
  for (const answer of [problem(404, 'not_found'), { text: '{"schema": 2}' }]) {
    const { server, client } = await started({ 'GET /api/calibration': () => answer });
    client.setRequest(REQUEST);
    await server.until(() => server.count('GET /api/calibration') === 1);
    // What is asked for after an answer went out is answered after it was taken in.
    await client.receipt('0'.repeat(36)).catch(() => undefined);
    const { calibration, draft, error, status } = client.state();
    assert.deepEqual([calibration, error, status], [null, null, 'live']);
    assert.equal(draft.estimate.likely, undefined);
  }
});

test('a send carries the quote that was shown, under an id made before', async () => {
  const { server, client } = await started({ 'POST /api/actions': admitted });
  client.setRequest(REQUEST);
  const sending = client.send(message(client));
  await server.until(() => server.count('POST /api/actions') === 1);
  const result = await sending;
  const { body } = server.requests.find((request) => request.route === 'POST /api/actions');
  assert.match(body.action_id, UUID_V7);
  assert.deepEqual(body.quote, {
    price_book: client.state().price_book_version,
    rules: '1',
    high: '4.91',
  });
  assert.equal(result.kind, 'admitted');
  assert.equal(result.action.action_id, body.action_id);
  assert.deepEqual(client.state().pending, []);
});

test('a send without an answer is tried again with the same id and body', async () => {
  let tries = 0;
  const { server, client } = await started({
    'POST /api/actions': (request) => {
      tries += 1;
      if (tries === 1) return 'hang up';
      if (tries === 2) return problem(503, 'unavailable');
      return { ...admitted(request), status: 200 };
    },
  });
  client.setRequest(REQUEST);
  const sending = client.send(message(client));
  await server.until(() => tries === 2);
  assert.equal(client.state().pending.length, 1);
  assert.equal(client.state().pending[0].kind, 'send');
  const result = await sending;
  const bodies = server.requests.filter((request) => request.route === 'POST /api/actions');
  assert.equal(bodies.length, 3);
  assert.deepEqual(bodies[1].body, bodies[0].body);
  assert.deepEqual(bodies[2].body, bodies[0].body);
  assert.equal(result.kind, 'admitted');
  assert.deepEqual(client.state().pending, []);
});

test('a denial is a result, and the state follows it', async () => {
  const denial = {
    code: 'credits_exhausted',
    message: 'none left',
    transient: false,
    remedies: [],
  };
  let spent = false;
  const { client } = await started({
    'POST /api/actions': () => {
      spent = true;
      return problem(402, 'credits_exhausted', { denial });
    },
    'GET /api/balance': () => ({ body: spent ? balance(2, '0') : balance(1, '100') }),
  });
  client.setRequest(REQUEST);
  assert.deepEqual(await client.send(message(client)), { kind: 'denied', denial });
  const { eligibility } = client.state().draft;
  assert.equal(eligibility.verdict, 'denied');
  assert.equal(eligibility.code, 'credits_exhausted');
  assert.deepEqual(
    eligibility.remedies.map((remedy) => remedy.kind),
    ['upgrade_to_pro', 'buy_pack'],
  );
  // What the page itself knows to be denied is not sent at all.
  const again = await client.send(message(client));
  assert.equal(again.kind, 'denied');
  assert.equal(again.denial.code, 'credits_exhausted');
});

test('a changed price brings the new book and the new estimate', async () => {
  const dearer = BOOK.replace('"per_request": "0.5"', '"per_request": "2"');
  let changed = false;
  const denial = { code: 'price_changed', message: 'new price', transient: false, remedies: [] };
  const { client } = await started({
    'GET /api/price-book': () => ({ text: changed ? dearer : BOOK }),
    'POST /api/actions': () => {
      changed = true;
      return problem(409, 'price_changed', { denial });
    },
  });
  client.setRequest(REQUEST);
  const before = client.state().price_book_version;
  const result = await client.send(message(client));
  assert.equal(result.denial.code, 'price_changed');
  assert.notEqual(client.state().price_book_version, before);
  assert.equal(client.state().draft.estimate.expected, '2.88');
});

test('a fault is a result with its code, and is not tried again', async () => {
  const { server, client } = await started({
    'POST /api/actions': () => problem(422, 'request_invalid'),
  });
  client.setRequest(REQUEST);
  const result = await client.send(message(client));
  assert.equal(result.kind, 'failed');
  assert.deepEqual(result.error, { code: 'request_invalid', message: 'request_invalid!' });
  assert.equal(server.count('POST /api/actions'), 1);
});

test('files are sent with the draft that counts them', async () => {
  const { server, client } = await started({ 'POST /api/actions': admitted });
  const files = ['0190e3a0-0000-7000-8000-000000000001'];
  client.setRequest(REQUEST, files);
  const result = await client.send(message(client, { text: '', files }));
  assert.equal(result.kind, 'admitted');
  const { body } = server.requests.find((request) => request.route === 'POST /api/actions');
  assert.deepEqual([body.text, body.files], ['', files]);
});

test('only the draft that is shown can be sent', async () => {
  const { server, client } = await started({ 'POST /api/actions': admitted });
  const early = await client.send(message(client));
  assert.equal(early.error.code, 'not_ready');
  client.setRequest(REQUEST);
  const other = await client.send(message(client, { output_tokens_max: 9000 }));
  assert.equal(other.error.code, 'draft_differs');
  const files = ['0190e3a0-0000-7000-8000-000000000001', '0190e3a0-0000-7000-8000-000000000002'];
  client.setRequest(REQUEST, files);
  assert.deepEqual(client.state().draft.files, files);
  for (const others of [undefined, [], files.slice(1), [...files].reverse()]) {
    const without = await client.send(message(client, { files: others }));
    assert.equal(without.error.code, 'draft_differs', JSON.stringify(others));
  }
  client.setRequest(REQUEST);
  const unpriced = await client.send(message(client, { files }));
  assert.equal(unpriced.error.code, 'draft_differs');
  assert.throws(() => client.setRequest(REQUEST, ['a', 1]), { code: 'request_invalid' });
  await assert.rejects(client.send(message(client, { colour: 'red' })), {
    code: 'request_invalid',
    path: 'colour',
  });
  assert.equal(server.count('POST /api/actions'), 0);
});

test('a session that was lost is opened again, and the send goes on', async () => {
  let lost = true;
  const { server, client } = await started({
    'POST /api/actions': (request) => {
      if (!lost) return admitted(request);
      lost = false;
      return problem(401, 'session_missing');
    },
  });
  client.setRequest(REQUEST);
  assert.equal((await client.send(message(client))).kind, 'admitted');
  assert.equal(server.count('POST /api/session'), 2);
});

test('a top-up brings the new balance', async () => {
  const granted = { lot: 5, kind: 'pack', amount: '1000' };
  const { client } = await started({
    'POST /api/top-ups': (request) => ({
      status: 201,
      body: { granted: { ...granted, usd: request.body.usd }, balance: balance(5, '1100', 5) },
    }),
  });
  const result = await client.topUp(10);
  assert.equal(result.kind, 'granted');
  assert.deepEqual(result.granted, { ...granted, usd: 10 });
  assert.equal(client.state().balance.standing.available, '1100');
});

test('without the server it is offline, and says so', async () => {
  const server = await startServer();
  const client = new CreditsClient({ baseUrl: server.url });
  await server.close();
  await client.start();
  assert.equal(client.state().status, 'offline');
  client.close();
});

test('what a server should not say is an error in the state', async () => {
  const { client } = await started({
    'GET /api/price-book': () => ({ text: BOOK.replace('"schema": 1', '"schema": 2') }),
  });
  assert.equal(client.state().status, 'loading' === client.state().status ? 'loading' : 'cached');
  assert.equal(client.state().error.code, 'engine_outdated');
});

test('stop, receipt and replay', async () => {
  const { client } = await started({
    'POST /api/actions/x/stop': (request) => ({ status: 202, body: { stopped: request.body } }),
    'GET /api/actions/y/receipt': () => problem(404, 'action_unknown'),
  });
  assert.deepEqual(await client.stop('x', 1), { stopped: { leg: 1 } });
  assert.deepEqual(await client.stop('x'), { stopped: {} });
  await assert.rejects(client.receipt('y'), { code: 'action_unknown' });
  await assert.rejects(client.replay({ action_id: 1 }), { path: 'action_id' });
});

test('options are checked', () => {
  assert.throws(() => new CreditsClient({ baseURL: 'x' }), { path: 'baseURL' });
});
