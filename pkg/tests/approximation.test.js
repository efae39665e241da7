// The approximation is close enough to show a price by: on texts that its weights were not made
// from, in both encodings, whole and by halves.
import { approximateParts, approximateTokens } from '@kumari/credits/tokens';
import { Vocabulary, init } from '@kumari/credits/tokens/direct';
import assert from 'node:assert/strict';
import { readFileSync, readdirSync } from 'node:fs';
import { test } from 'node:test';
import { vocabularyFile } from './vocabulary.js';

const TEXTS = new URL('./texts/', import.meta.url);
const ERROR_MAX = 0.15;

for (const encoding of ['o200k_base', 'cl100k_base']) {
  test(`${encoding} is approximated to 15 %`, async () => {
    await init();
    const vocabulary = new Vocabulary(readFileSync(vocabularyFile(encoding)));
    const names = readdirSync(TEXTS);
    assert.ok(names.length >= 7);
    const errors = names.flatMap((name) => {
      const text = readFileSync(new URL(name, TEXTS), 'utf8');
      const half = Math.floor(text.length / 2);
      return [text, text.slice(0, half), text.slice(half)].flatMap((part) => {
        const [all, latin] = vocabulary.countTextParts(part);
        const about = approximateParts(part, encoding);
        assert.equal(about[0], approximateTokens(part, encoding));
        return [
          { name, error: about[0] / all - 1 },
          { name: `${name}, Latin words`, error: (about[1] - latin) / all },
        ];
      });
    });
    const beyond = errors.filter(({ error }) => Math.abs(error) > ERROR_MAX);
    assert.deepEqual(beyond, []);
  });
}

test('nothing is approximately nothing, and a word at least something', () => {
  assert.equal(approximateTokens('', 'o200k_base'), 0);
  for (const text of ['a', '字', '7', '\n', '😀']) {
    assert.ok(approximateTokens(text, 'o200k_base') >= 0, text);
  }
  assert.equal(approximateTokens('word', 'o200k_base'), 1);
});
