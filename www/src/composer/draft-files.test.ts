import { expect, test } from 'vitest';
import {
  type DraftFile,
  asLeft,
  asStored,
  changed,
  isDraftFile,
  partOf,
  viewsOf,
  waitsFor,
} from './draft-files';

const VIEW = {
  file_id: 'f',
  name: 'a.png',
  media_type: 'image/png',
  bytes: 9,
  content: { kind: 'image' as const, width: 2, height: 1 },
};
const STORED = asStored(VIEW);
const READ: DraftFile = { ...STORED, isStored: false };
const { content: _content, ...CHOSEN } = READ;
const FAILED: DraftFile = { ...READ, fault: { words: 'away', canRetry: true } };
const BROKEN: DraftFile = { ...CHOSEN, fault: { words: 'broken', canRetry: false } };

test('Send waits for each file until the server has it, and for no file that cannot be read', () => {
  const cases: [string, DraftFile[], RegExp | null][] = [
    ['chosen', [STORED, CHOSEN], /still being read/],
    ['read', [READ], /still being uploaded/],
    ['not uploaded', [FAILED], /was not uploaded/],
    ['stored', [STORED], null],
    ['broken', [STORED, BROKEN], null],
  ];
  for (const [what, files, words] of cases) {
    const waits = waitsFor(files, 0);
    if (words === null) expect(waits, what).toBeNull();
    else expect(waits?.words, what).toMatch(words);
  }
});

test('pictures, recordings and clips of a conversation have a limit together', () => {
  const half = { ...STORED, bytes: 16 * 1024 * 1024 };
  const paper: DraftFile = {
    ...half,
    content: { kind: 'document', format: 'txt', pages: 1, characters: 1, tokens: {}, warnings: [] },
  };
  expect(waitsFor([half, half, paper], 0)).toBeNull();
  expect(waitsFor([half, STORED], half.bytes)?.words).toMatch(/of a conversation .* 32 MB/);
  expect(waitsFor([half, half, STORED], 0)?.words).toMatch(/32 MB together/);
  expect(waitsFor([paper], 2 * half.bytes)).toBeNull();
});

test('File mode waits for a document that has text', () => {
  const paper = (pages: number): DraftFile => ({
    ...STORED,
    content: { kind: 'document', format: 'pdf', pages, characters: 1, tokens: {}, warnings: [] },
  });
  const waits = (...files: DraftFile[]) => waitsFor(files, 0, 'file_processing')?.words ?? null;
  expect(waits()).toMatch(/attach one/);
  expect(waits(STORED)).toMatch(/attach one/);
  expect(waits(paper(0))).toMatch(/has text/);
  expect(waits(paper(2))).toBeNull();
  expect(waitsFor([], 0, 'direct')).toBeNull();
});

test('nothing goes along with what is to be made, whatever earlier messages had', () => {
  expect(waitsFor([], 64 * 1024 * 1024, 'image')).toBeNull();
  expect(waitsFor([STORED], 0, 'three_d')?.words).toMatch(/remove the files/);
});

test('a file that cannot be sent is left out, and nothing but what the server has is sent', () => {
  expect(partOf([STORED, BROKEN, FAILED])).toEqual([STORED, FAILED]);
  expect(viewsOf([STORED, BROKEN, READ, CHOSEN])).toEqual([VIEW]);
});

test('what the server read wins, and ends what was wrong', () => {
  const larger = { kind: 'image' as const, width: 4, height: 1 };
  const [after] = changed([FAILED], 'f', { ...VIEW, content: larger, isStored: true });
  expect(after).toEqual({ ...STORED, content: larger });
  expect(changed([FAILED], 'g', {})).toEqual([FAILED]);
});

test('a file that was not uploaded before a reload says so', () => {
  for (const file of [CHOSEN, READ, FAILED]) {
    expect(asLeft(file).fault?.words).toMatch(/Attach it again/);
  }
  expect(asLeft(STORED)).toBe(STORED);
  expect(asLeft(BROKEN)).toBe(BROKEN);
});

test('what storage has is a file only where it looks like one', () => {
  for (const file of [STORED, READ, CHOSEN, BROKEN]) expect(isDraftFile(file)).toBe(true);
  const others = [null, 7, 'x', {}, { ...STORED, file_id: 7 }, { ...STORED, content: 'x' }];
  for (const other of others) expect(isDraftFile(other), JSON.stringify(other)).toBe(false);
});
