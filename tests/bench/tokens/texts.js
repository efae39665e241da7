// The texts that are counted: real ones, of packages that the lock files name, cut to a length.
import { readFile } from 'node:fs/promises';
import { createRequire } from 'node:module';
import { dirname } from 'node:path';

const BOOKS = new URL('node_modules/nlp-corpus/builds/', import.meta.url);
const TYPESCRIPT = dirname(createRequire(import.meta.url).resolve('typescript/package.json'));
const EMOJI = ['😀', '🎉', '👩‍💻', '🇨🇳', '❤️', '👍🏽', '🐉', '🧧'];

/** UTF-16 code units of 1 000 tokens, about. */
const UNITS = { prose: 4_650, code: 3_800, chinese: 1_620 };

/** Prose, code and Chinese with emoji, each of about `thousands` times 1 000 tokens. */
export async function readTexts(thousands) {
  const texts = Object.entries(await sources());
  return Object.fromEntries(
    texts.map(([name, text]) => [name, cut(text, thousands * UNITS[name])]),
  );
}

async function sources() {
  const books = await Promise.all(
    [50, 51, 52, 53, 54, 55, 56].map((number) =>
      readFile(new URL(`doc-${number}.json`, BOOKS), 'utf8'),
    ),
  );
  const messages = await readFile(
    `${TYPESCRIPT}/lib/zh-cn/diagnosticMessages.generated.json`,
    'utf8',
  );
  return {
    prose: paragraphs(books.flatMap((book) => JSON.parse(book))),
    code: await readFile(`${TYPESCRIPT}/lib/_tsc.js`, 'utf8'),
    chinese: paragraphs(withEmoji(Object.values(JSON.parse(messages)))),
  };
}

function paragraphs(sentences) {
  return sentences.map((sentence, index) => sentence + (index % 6 === 5 ? '\n\n' : ' ')).join('');
}

function withEmoji(sentences) {
  return sentences.map((one, index) =>
    index % 3 === 0 ? `${one}${EMOJI[index % EMOJI.length]}` : one,
  );
}

/** The beginning of a text, or all of it again and again, and no half of a pair at the end. */
function cut(text, units) {
  const long = text.repeat(Math.ceil(units / text.length)).slice(0, units);
  return long.isWellFormed() ? long : long.slice(0, -1);
}
