// An estimate as the modules hand it over: its texts one after the other in one text, and in one list
// its numbers, the length of each text, and the place of what is one of a few names among these; both
// in the order in which they are taken here. An object made of literals is there ten times as soon as
// one made by parsing JSON, and no different.
//
// `src/browser/estimate_parts.rs` writes them. That both mean the same is held by `tests/parity`.
import type {
  CandidateEstimate,
  Caps,
  Estimate,
  LegBounds,
  LegEstimate,
  Level,
  LevelCount,
  LevelShown,
  Line,
  Meter,
  Rate,
} from './types/engine.js';

const UTF_8 = new TextDecoder();

// In the order in which the engine lists them.
const LEVELS: readonly Level[] = ['low', 'medium', 'high', 'very_high'];
const METERS: readonly Meter[] = [
  'input_tokens',
  'cache_read_tokens',
  'cache_write_tokens',
  'cache_write_1h_tokens',
  'image_input_tokens',
  'audio_input_tokens',
  'output_tokens',
  'reasoning_tokens',
  'image_output_tokens',
  'audio_output_tokens',
  'steps',
  'searches',
  'pages',
  'images',
  'video_blocks',
  'three_d_models',
];

/** The estimate of these parts. */
export function estimateOf(texts: Uint8Array, numbers: Float64Array): Estimate {
  const parts = new Parts(UTF_8.decode(texts), numbers);
  return {
    caps: capsOf(parts),
    expected: parts.text(),
    high: parts.text(),
    legs: parts.list(legOf),
    level: shownOf(parts),
    ...likelyOf(parts),
    low: parts.text(),
    price_book: parts.text(),
  };
}

class Parts {
  readonly #texts: string;
  readonly #numbers: Float64Array;
  #nextText = 0;
  #nextNumber = 0;

  constructor(texts: string, numbers: Float64Array) {
    this.#texts = texts;
    this.#numbers = numbers;
  }

  text(): string {
    const from = this.#nextText;
    this.#nextText += this.number();
    return this.#texts.slice(from, this.#nextText);
  }

  number(): number {
    return this.#numbers[this.#nextNumber++] ?? 0;
  }

  /** A number that may be absent. */
  maybe(): number | undefined {
    const number = this.number();
    return number < 0 ? undefined : number;
  }

  list<T>(of: (parts: Parts) => T, length = this.number()): T[] {
    const list: T[] = [];
    for (let left = length; left > 0; left -= 1) list.push(of(this));
    return list;
  }
}

function capsOf(parts: Parts): Caps {
  const caps: Caps = {};
  const candidates = parts.maybe();
  if (candidates !== undefined) caps.candidates = parts.list(textOf, candidates);
  const output_tokens = parts.maybe();
  if (output_tokens !== undefined) caps.output_tokens = output_tokens;
  const searches = parts.maybe();
  if (searches !== undefined) caps.searches = searches;
  const steps = parts.maybe();
  if (steps !== undefined) caps.steps = steps;
  return caps;
}

function legOf(parts: Parts): LegEstimate {
  const candidates = parts.list(candidateOf);
  const only = parts.number() > 0 ? candidates[0] : undefined;
  const leg: LegEstimate = {
    candidates,
    expected: only?.expected ?? parts.text(),
    high: only?.high ?? parts.text(),
    ...(only ? only.likely && { likely: { ...only.likely } } : likelyOf(parts)),
    low: only?.low ?? parts.text(),
    model: only?.model ?? parts.text(),
  };
  const rule = parts.maybe();
  if (rule !== undefined) leg.rule = rule;
  return leg;
}

function candidateOf(parts: Parts): CandidateEstimate {
  return {
    bounds: boundsOf(parts),
    expected: parts.text(),
    high: parts.text(),
    level: levelOf(parts),
    ...likelyOf(parts),
    lines: parts.list(lineOf),
    low: parts.text(),
    model: parts.text(),
    units: parts.number(),
  };
}

/** The likely range as the field that it is, or no field. */
function likelyOf(parts: Parts): Pick<Estimate, 'likely'> | undefined {
  if (parts.maybe() === undefined) return undefined;
  return { likely: { high: parts.text(), low: parts.text() } };
}

function boundsOf(parts: Parts): LegBounds {
  const bounds: LegBounds = {
    input_tokens: { expected: parts.number(), high: parts.number(), low: parts.number() },
  };
  const output_tokens_floor = parts.maybe();
  if (output_tokens_floor !== undefined) bounds.output_tokens_floor = output_tokens_floor;
  const output_tokens_max = parts.maybe();
  if (output_tokens_max !== undefined) bounds.output_tokens_max = output_tokens_max;
  const searches_floor = parts.maybe();
  if (searches_floor !== undefined) bounds.searches_floor = searches_floor;
  const searches_max = parts.maybe();
  if (searches_max !== undefined) bounds.searches_max = searches_max;
  const steps_floor = parts.maybe();
  if (steps_floor !== undefined) bounds.steps_floor = steps_floor;
  const steps_max = parts.maybe();
  if (steps_max !== undefined) bounds.steps_max = steps_max;
  return bounds;
}

function lineOf(parts: Parts): Line {
  const amount = parts.text();
  switch (parts.number()) {
    case 0:
      return { amount, kind: 'base' };
    case 1:
      return {
        amount,
        kind: 'meter',
        meter: METERS[parts.number()] as Meter,
        quantity: parts.number(),
        rate: rateOf(parts),
      };
    case 2:
      return { amount, kind: 'multiplier', multiplier: parts.text() };
    case 3:
      return { amount, kind: 'rounding' };
    default:
      return { amount, kind: 'minimum' };
  }
}

function rateOf(parts: Parts): Rate {
  const credits = parts.text();
  const isFree = parts.number() > 0;
  const per = parts.number() as Rate['per'];
  return isFree ? { credits, free: true, per } : { credits, per };
}

function shownOf(parts: Parts): LevelShown {
  const units = parts.maybe();
  return units === undefined
    ? { high: levelOf(parts), kind: 'range', low: levelOf(parts) }
    : { kind: 'units', units: parts.list(levelCountOf, units) };
}

function levelCountOf(parts: Parts): LevelCount {
  return { count: parts.number(), level: levelOf(parts) };
}

function levelOf(parts: Parts): Level {
  return LEVELS[parts.number()] as Level;
}

function textOf(parts: Parts): string {
  return parts.text();
}
