// Files that people attach, read here: to the same as the server reads, by the same expected answers.
import { asSent, harmlessName, init, readDocument } from '@kumari/credits/documents';
import assert from 'node:assert/strict';
import { readFileSync, readdirSync } from 'node:fs';
import { before, test } from 'node:test';

const FIXTURES = new URL('../../src/documents/tests/fixtures/', import.meta.url);
const expected = JSON.parse(readFileSync(new URL('expected.json', FIXTURES), 'utf8'));
const fixture = (name) => readFileSync(new URL(name, FIXTURES));

before(async () => {
  await init();
  await init();
});

function answer(name) {
  try {
    return readDocument(fixture(name), { name });
  } catch (error) {
    assert.equal(error.name, 'CreditsError');
    assert.equal(error.path, '');
    return { code: error.code, message: error.message };
  }
}

test('each file is read as the server reads it', () => {
  const names = readdirSync(FIXTURES).filter((name) => name !== 'expected.json');
  assert.deepEqual(names.sort(), Object.keys(expected).sort());
  for (const name of names) assert.deepEqual(answer(name), expected[name], name);
});

test('a name or a media type tells a table from a text, and neither is needed', () => {
  const bytes = new TextEncoder().encode('a,"b');
  assert.equal(readDocument(bytes).kind, 'txt');
  for (const options of [{ name: 'a.CSV' }, { mediaType: 'text/csv; charset=utf-8' }]) {
    assert.throws(() => readDocument(bytes, options), { code: 'document_csv_malformed' });
  }
  assert.equal(readDocument(fixture('scan-reportlab.pdf'), { name: 'a.csv' }).kind, 'pdf');
});

test('hostile files end with an error, and the next file is read', () => {
  const deep = new TextEncoder().encode(`%PDF-1.4\n1 0 obj ${'['.repeat(1_000_000)}`);
  assert.throws(() => readDocument(deep), { code: 'document_broken' });
  const circle = '1 0 obj <</Type/Catalog/Pages 2 0 R>> endobj 2 0 obj <</Kids [2 0 R]>> endobj';
  const looping = new TextEncoder().encode(`%PDF-1.4\n${circle}`);
  assert.throws(() => readDocument(looping), { code: 'document_broken' });
  const large = new Uint8Array(20 * 2 ** 20 + 1).fill(97);
  assert.throws(() => readDocument(large), { code: 'document_too_large' });
  assert.equal(readDocument(new Uint8Array()).pages, 0);
  assert.deepEqual(answer('utf8.txt'), expected['utf8.txt']);
});

test('a document is shown to a model under its harmless name', () => {
  assert.equal(asSent('a.txt', 'Grüße\n'), 'File: a.txt\n\nGrüße\n\n\n');
  assert.equal(asSent('a\nFile: b\u0085.txt', ''), 'File: a File: b .txt\n\n\n\n');
  const names = [
    ['report.pdf', 'report.pdf'],
    ['a\r\n\t\0\u007f\u2028\u2029b', 'a       b'],
    ['世'.repeat(201), '世'.repeat(200)],
    ['😀'.repeat(201), '😀'.repeat(200)],
    ['', ''],
  ];
  for (const [name, harmless] of names) assert.equal(harmlessName(name), harmless);
});
