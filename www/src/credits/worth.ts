// What an amount of credits buys, by the book's own typical requests: how many messages, images and
// videos. The engine prices each of them; here it is only divided.
import type { PriceBook } from '@kumari/credits';
import { microsOf } from './amounts';
import type { Prices } from './client';

export interface Worth {
  /** As many as can be paid, rounded down to two digits. */
  count: number;
  /** What they are, for that count: "messages", "videos of 4 seconds". */
  what: string;
  /** Which kind of it, in a few words: "to a lightweight model". */
  kind: string;
}

interface Row {
  row: string;
  one: string;
  many: string;
  kind: string;
}

/** Rows of the book's table that people know a number of by heart. */
const ROWS: readonly Row[] = [
  { row: 'direct_lightweight', one: 'message', many: 'messages', kind: 'to a lightweight model' },
  { row: 'direct_frontier', one: 'message', many: 'messages', kind: 'to a frontier model' },
  { row: 'image', one: 'image', many: 'images', kind: '' },
  { row: 'video', one: 'video', many: 'videos', kind: '' },
];

/** What `credits` buys of each, one at a time; what they do not buy one of is left out. */
export function worthOf(
  credits: string,
  { references }: Pick<PriceBook, 'references'>,
  estimate: Prices['estimate'],
): Worth[] {
  return ROWS.flatMap(({ row, one, many, kind }) => {
    const reference = references.find((known) => known.row === row);
    const price = reference && estimate(reference.request)?.expected;
    const micros = price === undefined ? 0n : microsOf(price);
    const count = micros > 0n ? Number(microsOf(credits) / micros) : 0;
    if (!reference || count === 0) return [];
    const seconds = reference.request.clip_seconds;
    const length = seconds === undefined ? '' : `of ${seconds} seconds`;
    return [{ count: twoDigits(count), what: count === 1 ? one : many, kind: kind || length }];
  });
}

/** "About 7,100 messages, 66 images or 20 videos", with messages to a lightweight model. */
export function worthWords(worth: readonly Worth[]): string {
  const parts = worth
    .filter(({ what, kind }, index) => {
      const first = worth.findIndex((other) => other.what === what);
      return first === index || !kind.startsWith('to ');
    })
    .map(({ count, what }) => `${count.toLocaleString()} ${what}`);
  if (parts.length === 0) return '';
  const last = parts.pop() ?? '';
  return `About ${parts.length === 0 ? last : `${parts.join(', ')} or ${last}`}`;
}

function twoDigits(count: number): number {
  const step = 10 ** Math.max(0, String(count).length - 2);
  return Math.floor(count / step) * step;
}
