import { beforeEach, expect, test, vi } from 'vitest';
import { EMPTY_DRAFT, keepDraft, readDraft } from './draft';

beforeEach(() => {
  const kept = new Map<string, string>();
  vi.stubGlobal('localStorage', {
    getItem: (key: string) => kept.get(key) ?? null,
    setItem: (key: string, text: string) => kept.set(key, text),
    removeItem: (key: string) => kept.delete(key),
  });
});

test('a draft is read back with its mode and the models of each kind', () => {
  const draft = { ...EMPTY_DRAFT, text: 'x', mode: 'image' as const, made: { image: 'i' } };
  keepDraft(null, draft);
  expect(readDraft(null)).toEqual(draft);
  keepDraft(null, { ...draft, text: '' });
  expect(readDraft('other'), 'the next one begins with the same').toEqual({ ...draft, text: '' });
});

test('a draft of a mode that another version knew keeps its text', () => {
  const draft = { ...EMPTY_DRAFT, text: 'x', mode: 'telepathy' };
  localStorage.setItem('kumari:draft:new', JSON.stringify(draft));
  expect(readDraft(null)).toEqual({ ...EMPTY_DRAFT, text: 'x' });
  for (const bad of [{ mode: 7 }, { made: null }, { made: 'x' }]) {
    localStorage.setItem('kumari:draft:new', JSON.stringify({ ...draft, ...bad }));
    expect(readDraft(null), JSON.stringify(bad)).toEqual(EMPTY_DRAFT);
  }
});
