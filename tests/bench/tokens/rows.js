// The rows of the result: our figures, what each stands beside, and what has to be reached.
const PEERS = ['gpt-tokenizer', 'tiktoken', 'js-tiktoken', 'ai-tokenizer'];
const REALMS = { node: 'Node', chromium: 'Chromium' };
const TEXTS = { prose: 'prose', code: 'code', chinese: 'Chinese with emoji' };
const PLACES = {
  append: { name: 'typing at the end', p99: [50, 10], isBeside: true },
  middle: { name: 'an edit in the middle', p99: [100, 20] },
  jump: { name: 'the cursor jumps, then an edit', p99: [1_000, 50] },
};
const FIRST = { prose: [40, 120], code: [40, 120], chinese: [20, 40] };
const KB = 1_000;
/** Shorter ones are not told apart by a browser. */
const LONG_TASK_MS = 50;

const atLeast = (target, stretch) => ({ direction: 'at_least', of_ratio: false, target, stretch });
const atMost = (target, stretch) => ({ direction: 'at_most', of_ratio: false, target, stretch });
const timesAtLeast = (target, stretch) => ({ ...atLeast(target, stretch), of_ratio: true });

/** All rows, from the figures of both realms. */
export function rowsOf(figures, texts, vocabularyBytes) {
  const rows = [];
  for (const [realm, where] of Object.entries(REALMS)) {
    const counters = figures[realm];
    for (const text of texts) {
      rows.push(...textRows(counters, text, `${where}, ${TEXTS[text]}`));
    }
    rows.push(...runRows(counters, where));
  }
  return [...rows, memoryRow(figures.node), ...wireRows(figures.chromium, vocabularyBytes)];
}

function textRows(counters, text, where) {
  const ours = counters.kumari[text];
  const of = (pick) => (name) => pick(counters[name][text]);
  const rows = [
    {
      name: `${where}: first full count`,
      value: ours.first_mb_per_second,
      unit: 'MB/s',
      beside: most(of((one) => one.first_mb_per_second)),
      target: atLeast(...FIRST[text]),
    },
    {
      name: `${where}: full count, warm`,
      value: ours.warm_mb_per_second,
      unit: 'MB/s',
      beside: most(of((one) => one.warm_mb_per_second)),
      target: timesAtLeast(1, 3),
    },
  ];
  for (const [place, { name, p99, isBeside }] of Object.entries(PLACES)) {
    const perSecond = (one) => 1e6 / one[place].p50_us;
    rows.push(
      {
        name: `${where}: ${name}`,
        value: perSecond(ours),
        unit: 'counts/s',
        beside: { what: 'gpt-tokenizer', value: perSecond(counters['gpt-tokenizer'][text]) },
        ...(isBeside && { target: timesAtLeast(1_000, 10_000) }),
      },
      {
        name: `${where}: ${name}, p99`,
        value: ours[place].p99_us,
        unit: 'µs',
        target: atMost(...p99),
      },
    );
  }
  return rows.map(noted);
}

function runRows(counters, where) {
  const ours = counters.kumari.run?.run;
  if (ours === undefined) return [];
  const peer = counters['gpt-tokenizer'].run?.run;
  return [
    {
      name: `${where}: an edit in one long run of letters, p99`,
      value: ours.p99_us / KB,
      unit: 'ms',
      ...(peer && { beside: { what: 'gpt-tokenizer', value: peer.p99_us / KB } }),
      target: atMost(2, 0.1),
    },
  ].map(noted);
}

/** What a process grew by. A browser does not tell: its figure has no WebAssembly in it. */
function memoryRow(counters) {
  const largest = (name) =>
    Math.max(...Object.values(counters[name]).map((one) => one.memory_mb ?? 0));
  return noted({
    name: 'Node: memory with a vocabulary and a draft',
    value: largest('kumari'),
    unit: 'MB',
    beside: least(largest),
  });
}

function wireRows(counters, vocabularyBytes) {
  const cold = (name) => Math.min(...textsOf(counters[name]).map((one) => one.cold_ms));
  const bytes = (coding) => (name) => textsOf(counters[name])[0].wire_bytes[coding] / KB;
  return [
    {
      name: 'Chromium: cold start to the first exact count',
      value: cold('kumari'),
      unit: 'ms',
      beside: least(cold),
      target: atMost(150, 60),
    },
    {
      name: 'over the wire with the vocabulary, brotli',
      value: bytes('brotli')('kumari'),
      unit: 'KB',
      beside: least(bytes('brotli')),
    },
    {
      name: 'over the wire with the vocabulary, gzip',
      value: bytes('gzip')('kumari'),
      unit: 'KB',
      beside: least(bytes('gzip')),
    },
    {
      name: 'the vocabulary alone, brotli',
      value: vocabularyBytes.brotli / KB,
      unit: 'KB',
      target: atMost(705, 620),
    },
    { name: 'the vocabulary alone, gzip', value: vocabularyBytes.gzip / KB, unit: 'KB' },
    {
      name: 'the counter without vocabulary, gzip',
      value: bytes('gzip')('kumari') - vocabularyBytes.gzip / KB,
      unit: 'KB',
      target: atMost(40, 25),
    },
  ].map(noted);
}

/** The app beside its own editor alone, both with a draft of 100 000 tokens. */
export function typingRows({ alone, app }) {
  const name = 'a key to the painted estimate, in the app';
  const beside = (value) => ({ what: 'the editor alone', value });
  return [
    {
      name: `${name}, p50`,
      value: app.p50_ms,
      unit: 'ms',
      beside: beside(alone.p50_ms),
      target: atMost(alone.p50_ms + 2, alone.p50_ms + 1),
    },
    { name: `${name}, p99`, value: app.p99_ms, unit: 'ms', beside: beside(alone.p99_ms) },
    {
      name: 'the longest task while it is typed',
      value: Math.max(app.longest_task_ms, LONG_TASK_MS),
      unit: 'ms',
      target: atMost(LONG_TASK_MS, LONG_TASK_MS),
    },
    {
      name: 'the longest task while 100 000 tokens are pasted',
      value: Math.max(app.longest_task_of_paste_ms, LONG_TASK_MS),
      unit: 'ms',
      beside: beside(Math.max(alone.longest_task_of_paste_ms, LONG_TASK_MS)),
    },
  ].map(noted);
}

function textsOf(counter) {
  return Object.values(counter).filter((one) => one.cold_ms !== undefined);
}

function most(valueOf) {
  return best(valueOf, (a, b) => b.value - a.value);
}

function least(valueOf) {
  return best(valueOf, (a, b) => a.value - b.value);
}

function best(valueOf, order) {
  return PEERS.map((what) => ({ what, value: valueOf(what) })).sort(order)[0];
}

/** Names the peer: the best one of this row is not the best of the next. */
function noted(row) {
  return row.beside ? { ...row, note: `beside ${row.beside.what}` } : row;
}
