// The counters as a page gets them: each bundled by Vite as its own users would, and served with
// brotli from this machine. What a page asked for is written down, and weighed.
import { once } from 'node:events';
import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { createServer } from 'node:http';
import { createRequire } from 'node:module';
import { tmpdir } from 'node:os';
import { extname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { brotliCompress, constants, gzip } from 'node:zlib';
import { bundle } from '../bundle.js';

const HERE = fileURLToPath(new URL('.', import.meta.url));
const WASM = createRequire(import.meta.url).resolve('tiktoken/lite/tiktoken_bg.wasm');
const TYPES = { '.js': 'text/javascript', '.wasm': 'application/wasm', '.txt': 'text/plain' };
const PAGE =
  '<!doctype html><title>bench</title><link rel="icon" href="data:," /><script type="module" src="/in-page.js"></script>';

const ALONE =
  '<!doctype html><title>bench</title><link rel="icon" href="data:," />' +
  '<style>.cm-editor { max-height: 320px } .cm-scroller { overflow-y: auto }</style>' +
  '<div id="host"></div><script type="module" src="/alone.js"></script>';

/** Builds and serves everything. `texts` are served too, and weigh nothing. */
export async function startSite(contestants, texts, vocabulary, quality) {
  const folder = await mkdtemp(join(tmpdir(), 'kumari-bench-'));
  const scripts = [...contestants.map((name) => `contestants/${name}`), 'in-page', 'alone'];
  await bundle(HERE, scripts, folder);
  const files = { 'o200k_base.bin': vocabulary, 'tiktoken.wasm': WASM };
  const read = async (path) => {
    if (path === '/') return PAGE;
    if (path === '/alone') return ALONE;
    const [, place, name] = path.split('/');
    if (place === 'texts') return texts[name.replace('.txt', '')];
    return readFile(place === 'files' ? files[name] : join(folder, path));
  };
  const packed = new Map();
  const pack = (path) => {
    if (!packed.has(path)) {
      // A text is served, and not weighed: at its best it would take long.
      const effort = path.startsWith('/texts/') ? 1 : quality;
      packed.set(
        path,
        read(path).then((content) => packedBothWays(content, effort)),
      );
    }
    return packed.get(path);
  };
  /** Bytes of these files over the wire. */
  const weightOf = async (paths) => {
    const weights = await Promise.all(paths.map(pack));
    const sum = (coding) => weights.reduce((bytes, one) => bytes + one[coding].length, 0);
    return { brotli: sum('brotli'), gzip: sum('gzip') };
  };
  let asked = [];
  const server = createServer((request, response) => {
    const { pathname } = new URL(request.url, 'http://localhost');
    if (!['/', '/in-page.js'].includes(pathname) && !pathname.startsWith('/texts/')) {
      asked.push(pathname);
    }
    pack(pathname).then(
      ({ brotli }) => {
        // Isolated, so that the page's clock has steps of 5 µs, not of 100.
        response.writeHead(200, {
          'content-type': TYPES[extname(pathname)] ?? 'text/html',
          'content-encoding': 'br',
          'cross-origin-opener-policy': 'same-origin',
          'cross-origin-embedder-policy': 'require-corp',
        });
        response.end(brotli);
      },
      () => response.writeHead(404).end(),
    );
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  return {
    // A name, not a number: only then is a page with http isolated.
    address: `http://localhost:${server.address().port}/`,
    weightOf,
    /** Bytes of what was asked for since the last call. */
    weigh() {
      const paths = [...new Set(asked)];
      asked = [];
      return weightOf(paths);
    },
    /** Compresses everything now, so that no page waits for it. */
    async warmUp(paths) {
      await Promise.all(paths.map(pack));
    },
    async end() {
      server.closeAllConnections();
      server.close();
      await rm(folder, { recursive: true });
    },
  };
}

async function packedBothWays(content, quality) {
  const bytes = Buffer.from(content);
  const params = {
    [constants.BROTLI_PARAM_QUALITY]: quality,
    [constants.BROTLI_PARAM_LGWIN]: 24,
    [constants.BROTLI_PARAM_SIZE_HINT]: bytes.length,
  };
  const [brotli, zipped] = await Promise.all([
    promisify(brotliCompress)(bytes, { params }),
    promisify(gzip)(bytes, { level: 9 }),
  ]);
  return { brotli, gzip: zipped };
}
