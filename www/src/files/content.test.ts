import { expect, test } from 'vitest';
import { type Content, bytesWords, countsOf, sizeWords, warningWords } from './content';

function paper(part: Partial<Extract<Content, { kind: 'document' }>>): Content {
  const empty = { pages: 1, characters: 5, tokens: {}, warnings: [] };
  return { kind: 'document', format: 'pdf', ...empty, ...part };
}

test('a size is said in what a person counts of such a file', () => {
  const cases: [Content, string][] = [
    [paper({ pages: 1 }), '1 page'],
    [paper({ pages: 1_200 }), '1,200 pages'],
    [paper({ pages: 0 }), 'no text'],
    [{ kind: 'image', width: 1024, height: 768 }, '1,024 × 768'],
    [{ kind: 'audio', seconds: 42 }, '0:42'],
    [{ kind: 'video', seconds: 605 }, '10:05'],
    [{ kind: 'audio', seconds: 3_665 }, '1:01:05'],
  ];
  for (const [content, words] of cases) expect(sizeWords(content)).toBe(words);
  const bytes = [12, 1_499, 999_400, 999_999, 1_440_000].map(bytesWords);
  expect(bytes).toEqual(['12 bytes', '1 KB', '999 KB', '1 MB', '1.4 MB']);
});

test('documents count by their tokens, all else as attachments in their order', () => {
  const counts = countsOf([
    { kind: 'audio', seconds: 3 },
    paper({ tokens: { o200k_base: 10, o200k_base_latin: 4 } }),
    { kind: 'image', width: 2, height: 1 },
    paper({ tokens: { o200k_base: 1 } }),
  ]);
  expect(counts).toEqual({
    pages: 2,
    attachments: [
      { kind: 'audio', seconds: 3 },
      { kind: 'image', width: 2, height: 1 },
    ],
    tokens: { o200k_base: 11, o200k_base_latin: 4 },
  });
});

test('it is said what of a document a model does not see', () => {
  expect(warningWords(paper({}))).toBeNull();
  expect(warningWords(paper({ warnings: ['no_text'] }))).toMatch(/scanned/);
  expect(warningWords(paper({ warnings: ['text_incomplete'] }))).toMatch(/Parts/);
});
