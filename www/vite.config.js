import { readdirSync, statSync } from 'node:fs';
import react from '@vitejs/plugin-react';
import { defineConfig } from 'vite';

// `npm run dev` serves the app beside a server that runs on its default port.
const SERVER = 'http://127.0.0.1:8787';
const VOCABULARIES = new URL('../target/vocabulary/', import.meta.url);

/**
 * Where the server has each encoding's vocabulary: the name of the file holds its fingerprint. Of
 * several, left behind by older builds, it is the newest.
 */
function vocabularyAddresses() {
  let files;
  try {
    files = readdirSync(VOCABULARIES);
  } catch {
    throw new Error('there are no vocabularies in target/vocabulary: run `cargo xtask run` once');
  }
  const builtAt = (file) => statSync(new URL(file, VOCABULARIES)).mtimeMs;
  files.sort((a, b) => builtAt(a) - builtAt(b));
  const addresses = files.flatMap((file) => {
    const encoding = /^(\w+)-[0-9a-f]+\.bin$/.exec(file)?.[1];
    return encoding === undefined ? [] : [[encoding, `/vocabulary/${file}`]];
  });
  return Object.fromEntries(addresses);
}

export default defineConfig({
  plugins: [react()],
  define: { VOCABULARY_ADDRESSES: JSON.stringify(vocabularyAddresses()) },
  build: {
    target: 'es2022',
    // The server's policy allows files of its own address only, and nothing inline.
    assetsInlineLimit: 0,
    modulePreload: { polyfill: false },
  },
  server: { proxy: { '/api': SERVER, '/vocabulary': SERVER } },
});
