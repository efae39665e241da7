import { expect, test } from 'vitest';
import { triggerAt } from './trigger';

// `|` is the cursor.
test.each([
  ['/|', '/', ''],
  ['/com|', '/', 'com'],
  ['/com| and text', '/', 'com'],
  ['@|', '@', ''],
  ['ask @gpt|', '@', 'gpt'],
  ['line\n@gem|', '@', 'gem'],
])('%j opens a menu', (marked, sign, search) => {
  const cursor = marked.indexOf('|');
  expect(triggerAt(marked.replace('|', ''), cursor)).toMatchObject({ sign, search });
});

test.each(['', 'text|', 'a/b|', 'and /|', 'me@example.org|', '@gpt |', '/compare now|'])(
  '%j opens none',
  (marked) => {
    const cursor = Math.max(0, marked.indexOf('|'));
    expect(triggerAt(marked.replace('|', ''), cursor)).toBeNull();
  },
);
