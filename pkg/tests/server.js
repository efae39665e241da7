// A server that answers as the real one does, as far as the client can see: it keeps what it was
// sent, and does what a test tells it to.
import { readFileSync } from 'node:fs';
import { createServer } from 'node:http';

export const BOOK = readFileSync(new URL('./book.json', import.meta.url), 'utf8');

/** What was learned of the one model of the small book: 100, 200 and 300 tokens. */
export const CALIBRATION = JSON.stringify({
  schema: 1,
  rows: [
    {
      task: 'direct',
      model: 'quill',
      bands: [
        {
          above_input_tokens: 0,
          output_tokens: { p10: 100, p50: 200, p90: 300 },
          settlements: 30,
        },
      ],
    },
  ],
});

export const problem = (status, code, more = {}) => ({
  status,
  body: {
    type: `urn:kumari:problem:${code}`,
    title: code,
    status,
    detail: `${code}!`,
    code,
    ...more,
  },
});

export function balance(version, available, second = 0) {
  return {
    version,
    as_of: `2026-11-23T10:00:${String(second).padStart(2, '0')}Z`,
    standing: {
      settled: available,
      held: '0',
      available,
      open_holds: 0,
      plan: 'free',
      closed: false,
      disputed: false,
    },
    lots: [],
  };
}

/** Starts it. `answers` has a function per route, `server.requests` what came in. */
export async function startServer(answers = {}) {
  const streams = new Set();
  const server = {
    answers: {
      'POST /api/session': () => ({
        body: { account_id: 'a1', guest: true, demo_payments: true, tasks: ['direct'] },
      }),
      'GET /api/price-book': () => ({ text: BOOK }),
      'GET /api/balance': () => ({ body: balance(1, '100') }),
      ...answers,
    },
    requests: [],
    /** How many requests of a route came in. */
    count: (route) => server.requests.filter((request) => request.route === route).length,
    /** Waits until a condition holds; asked again at each request. */
    until: (condition) => {
      if (condition()) return Promise.resolve();
      return new Promise((resolve) => {
        waiting.push({ condition, resolve });
      });
    },
    streams,
    push: (event, data) => {
      for (const stream of streams)
        stream.write(`event: ${event}\ndata: ${JSON.stringify(data)}\n\n`);
    },
    close: () => {
      http.closeAllConnections();
      return new Promise((resolve) => http.close(resolve));
    },
  };
  const waiting = [];
  const http = createServer(async (request, response) => {
    const chunks = [];
    for await (const chunk of request) chunks.push(chunk);
    const text = Buffer.concat(chunks).toString();
    const route = `${request.method} ${request.url}`;
    server.requests.push({ route, body: text === '' ? undefined : JSON.parse(text) });
    const answer = server.answers[route];
    if (route === 'GET /api/events' && answer === undefined) {
      response.writeHead(200, { 'content-type': 'text/event-stream' });
      response.flushHeaders();
      streams.add(response);
      response.on('close', () => streams.delete(response));
    } else {
      const said = answer?.(server.requests.at(-1)) ?? problem(404, 'not_found');
      if (said === 'hang up') {
        request.socket.destroy();
      } else {
        const status = said.status ?? 200;
        response.writeHead(status, { 'content-type': 'application/json', ...said.headers });
        response.end(said.text ?? JSON.stringify(said.body));
      }
    }
    for (const one of waiting.splice(0)) {
      if (one.condition()) one.resolve();
      else waiting.push(one);
    }
  });
  await new Promise((resolve) => http.listen(0, '127.0.0.1', resolve));
  server.url = `http://127.0.0.1:${http.address().port}`;
  return server;
}
