import type { Estimate, Reference, Request } from '@kumari/credits';
import { expect, test } from 'vitest';
import { worthOf, worthWords } from './worth';

const reference = (row: string, request: Partial<Request>): Reference => ({
  row,
  request: { task: 'direct', ...request },
  levels: ['low'],
});

const BOOK = {
  references: [
    reference('direct_lightweight', { models: ['small'] }),
    reference('direct_frontier', { models: ['large'] }),
    reference('image', { task: 'image', images: 1 }),
    reference('video', { task: 'video', clips: 1, clip_seconds: 4 }),
    reference('agent', { task: 'agent' }),
  ],
};

const PRICES: Record<string, string> = { small: '0.14', large: '3.3', image: '15', video: '45' };

function estimate(request: Request): Estimate | null {
  const expected = PRICES[request.models?.[0] ?? request.task];
  return expected === undefined ? null : ({ expected } as Estimate);
}

test('an amount is as many of each as it pays, rounded down', () => {
  expect(worthOf('1000', BOOK, estimate)).toEqual([
    { count: 7_100, what: 'messages', kind: 'to a lightweight model' },
    { count: 300, what: 'messages', kind: 'to a frontier model' },
    { count: 66, what: 'images', kind: '' },
    { count: 22, what: 'videos', kind: 'of 4 seconds' },
  ]);
});

test.each([
  ['1000', 'About 7,100 messages, 66 images or 22 videos'],
  ['45', 'About 320 messages, 3 images or 1 video'],
  ['14.999999', 'About 100 messages'],
  ['0.13', ''],
])('%s credits are told as "%s"', (credits, words) => {
  expect(worthWords(worthOf(credits, BOOK, estimate))).toBe(words);
});

test('what the book has no price for is left out', () => {
  const { references } = BOOK;
  const fewer = { references: references.filter(({ row }) => row !== 'image') };
  expect(worthWords(worthOf('100', fewer, estimate))).toBe('About 710 messages or 2 videos');
  expect(worthOf('100', BOOK, () => null)).toEqual([]);
});
