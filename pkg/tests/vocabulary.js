// The built vocabularies, and a host that serves them as one says.
import { readFileSync, readdirSync, statSync } from 'node:fs';
import { createServer } from 'node:http';

const FOLDER = new URL('../../target/vocabulary/', import.meta.url);

/** The file of an encoding: the one built last. */
export function vocabularyFile(encoding) {
  const files = readdirSync(FOLDER).filter((name) => name.startsWith(`${encoding}-`));
  const built = files.filter((name) => name.endsWith('.bin')).map((name) => new URL(name, FOLDER));
  built.sort((a, b) => statSync(b).mtimeMs - statSync(a).mtimeMs);
  if (!built[0]) throw new Error('no vocabularies: run `cargo xtask test --only pkg`');
  return built[0];
}

/** Serves what `answers` has for a path: `{ body, headers }`; everything else is not found. */
export async function startHost(answers) {
  const host = { answers, requests: [] };
  const server = createServer((request, response) => {
    host.requests.push(request.url);
    const answer = host.answers[request.url];
    response.writeHead(answer ? 200 : 404, { connection: 'close', ...answer?.headers });
    response.end(answer?.body);
  });
  await new Promise((resolve) => server.listen(0, '127.0.0.1', resolve));
  host.url = `http://127.0.0.1:${server.address().port}`;
  host.close = () => {
    server.closeAllConnections();
    return new Promise((resolve) => server.close(resolve));
  };
  return host;
}

/** How a vocabulary may lie on a host. */
export function hostings(encoding) {
  const file = vocabularyFile(encoding);
  const beside = (ending) => readFileSync(new URL(`${file.href}.${ending}`));
  return {
    '/plain.bin': { body: readFileSync(file) },
    '/packed.bin.gz': { body: beside('gz') },
    '/encoded.bin': { body: beside('br'), headers: { 'content-encoding': 'br' } },
    '/both.bin.gz': { body: beside('gz'), headers: { 'content-encoding': 'gzip' } },
  };
}
