// The calculators as a page gets them: each bundled by Vite as its own users would.
import { once } from 'node:events';
import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { createServer } from 'node:http';
import { tmpdir } from 'node:os';
import { extname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { bundle } from '../bundle.js';

const TYPES = {
  '.js': 'text/javascript',
  '.json': 'application/json',
  '.wasm': 'application/wasm',
};
const PAGE =
  '<!doctype html><title>bench</title><link rel="icon" href="data:," /><script type="module" src="/in-page.js"></script>';

/** Builds and serves the calculators and what they are asked. */
export async function startSite(contestants, order) {
  const folder = await mkdtemp(join(tmpdir(), 'kumari-bench-'));
  const here = fileURLToPath(new URL('.', import.meta.url));
  await bundle(here, ['in-page', ...contestants.map((name) => `contestants/${name}`)], folder);
  const read = async (path) => {
    if (path === '/') return PAGE;
    if (path === '/order.json') return order;
    return readFile(join(folder, path));
  };
  const server = createServer((request, response) => {
    const { pathname } = new URL(request.url, 'http://localhost');
    read(pathname).then(
      (content) => {
        response.writeHead(200, { 'content-type': TYPES[extname(pathname)] ?? 'text/html' });
        response.end(content);
      },
      () => response.writeHead(404).end(),
    );
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  return {
    address: `http://127.0.0.1:${server.address().port}/`,
    async end() {
      server.closeAllConnections();
      server.close();
      await rm(folder, { recursive: true });
    },
  };
}
