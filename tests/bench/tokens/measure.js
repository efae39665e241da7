// What one counter does with one text, in a fresh process or page: nothing of it was counted before.

/** Ends a row of edits: this many, or the time given; never with fewer than can be looked at. */
const EDITS_MAX = 2_000;
const EDITS_MIN = 5;
const BATCH = 10;
/** What a page takes to be read before a book is pasted into it. */
const REST_MS = 1_000;
const TYPED = 'and so it goes on, word by word, ';

/** Loads the counter, counts a word: what a page waits for before its first exact count. */
export async function coldStart(load) {
  const began = performance.now();
  const { start, read } = await load();
  const counter = await start(read);
  const tokens = counter.count('Hello world');
  return { counter, tokens, ms: performance.now() - began };
}

/** A moment in which nobody asks for a count: who prepares for the next one does it now. */
export function rest() {
  return new Promise((resolve) => setTimeout(resolve, REST_MS));
}

/** Counts `text` once and again, then types into it. */
export function measureText(counter, text, random, budgetMs) {
  const bytes = new TextEncoder().encode(text).length;
  const draft = draftOf(counter);
  const first = timed(() => draft.edit(0, 0, text));
  const warm = [];
  for (let spent = 0; warm.length < EDITS_MIN || (spent < budgetMs && warm.length < 50);) {
    const { ms } = timed(() => counter.count(text));
    warm.push(ms);
    spent += ms;
  }
  const half = Math.floor(text.length / 2);
  return {
    tokens: first.value,
    first_mb_per_second: bytes / 1e3 / first.ms,
    warm_mb_per_second: bytes / 1e3 / median(warm),
    append: edits(draft, (index) => text.length + index, budgetMs),
    middle: edits(draft, (index) => half + index, budgetMs),
    jump: edits(draft, () => Math.floor(random() * text.length), budgetMs),
  };
}

/** One edit after the other inside one word without an end. */
export function measureRun(counter, text, budgetMs) {
  const draft = draftOf(counter);
  draft.edit(0, 0, text);
  const half = Math.floor(text.length / 2);
  return edits(draft, (index) => half + index, budgetMs);
}

/** Who has no draft of his own counts the whole text again. */
function draftOf(counter) {
  if (counter.draft) return counter.draft();
  let text = '';
  return {
    edit(offset, deleted, inserted) {
      text = text.slice(0, offset) + inserted + text.slice(offset + deleted);
      return counter.count(text);
    },
  };
}

function edits(draft, offsetOf, budgetMs) {
  const each = [];
  const began = performance.now();
  while (
    each.length < EDITS_MIN ||
    (each.length < EDITS_MAX && performance.now() - began < budgetMs)
  ) {
    const letter = TYPED[each.length % TYPED.length];
    const offset = offsetOf(each.length);
    each.push(timed(() => draft.edit(offset, 0, letter)).ms * 1e3);
  }
  // A browser's clock has steps of 5 µs: what is shorter shows only in the mean of several.
  const means = [];
  for (let at = 0; at + BATCH <= each.length; at += BATCH) {
    means.push(each.slice(at, at + BATCH).reduce((sum, one) => sum + one, 0) / BATCH);
  }
  return {
    edits: each.length,
    p50_us: median(means.length === 0 ? each : means),
    p99_us: quantile(each, 0.99),
  };
}

function timed(work) {
  const began = performance.now();
  const value = work();
  // A clock that did not move has still moved by something.
  return { value, ms: Math.max(performance.now() - began, 1e-6) };
}

export function median(values) {
  return quantile(values, 0.5);
}

/** The value below which `part` of them are. */
export function quantile(values, part) {
  const sorted = [...values].sort((a, b) => a - b);
  return sorted[Math.min(sorted.length - 1, Math.floor(part * sorted.length))];
}
