// The words for what the engine names: labels for people, nothing that decides.
import type {
  Caps,
  DenialCode,
  Flag,
  KindName,
  Level,
  LevelShown,
  LotKind,
  Model,
  RoutingCondition,
  Task,
} from '@kumari/credits';

/** What a message asks for: a task of the book. Which of them a server does, its session says. */
export type Mode = Task;

const MODE_NAMES: Record<Mode, string> = {
  direct: 'Direct',
  compare: 'Compare',
  routing: 'Routing',
  agent: 'Agent',
  deep_research: 'Deep Research',
  finance_search: 'Finance',
  social_search: 'Social',
  file_processing: 'File',
  image: 'Image',
  video: 'Video',
  three_d: '3D',
};

/** All of them, in the order of the product's table. */
export const MODES = Object.keys(MODE_NAMES) as Mode[];

export function modeName(mode: Mode): string {
  return MODE_NAMES[mode];
}

/** The kind of model that does it. */
export function kindOf(mode: Mode): KindName {
  return mode === 'image' || mode === 'video' || mode === 'three_d' ? mode : 'text';
}

/** Whether a model does work of that kind. */
export function isKind({ kind }: Model, name: KindName): boolean {
  return typeof kind === 'string' ? kind === name : name in kind;
}

export const LEVEL_NAMES: Record<Level, string> = {
  low: 'Low',
  medium: 'Medium',
  high: 'High',
  very_high: 'Very High',
};

/** "Medium × 3", "Low, Medium × 2", "Low to Medium". */
export function levelWords(shown: LevelShown): string {
  if (shown.kind === 'range') {
    return shown.low === shown.high
      ? LEVEL_NAMES[shown.low]
      : `${LEVEL_NAMES[shown.low]} to ${LEVEL_NAMES[shown.high]}`;
  }
  return shown.units
    .map(({ level, count }) =>
      count === 1 ? LEVEL_NAMES[level] : `${LEVEL_NAMES[level]} × ${count}`,
    )
    .join(', ');
}

/** The dearest level that is shown: it colours the badge. */
export function dearestLevel(shown: LevelShown): Level {
  return shown.kind === 'range' ? shown.high : (shown.units.at(-1)?.level ?? 'low');
}

const COUNTS = ['no', 'one', 'two', 'three', 'four'];

/** "the sum of three answers". */
export function sumWords(legs: number): string {
  return `the sum of ${COUNTS[legs] ?? String(legs)} answers`;
}

const PROVIDERS: Partial<Record<string, string>> = {
  alibaba: 'Alibaba',
  amazon: 'Amazon',
  anthropic: 'Anthropic',
  cohere: 'Cohere',
  deepseek: 'DeepSeek',
  google: 'Google',
  meta: 'Meta',
  mistral: 'Mistral',
  moonshot: 'Moonshot AI',
  openai: 'OpenAI',
  xai: 'xAI',
  zai: 'Z.ai',
};

export function providerName(id: string): string {
  return PROVIDERS[id] ?? id;
}

export const LOT_NAMES: Record<LotKind, string> = {
  free: 'Free credits',
  promo: 'Promotional credits',
  adjustment: 'Goodwill credits',
  pro: 'Pro credits',
  pack: 'Custom Pack',
};

/** What a "no" is called. The engine's own message says the rest. */
export const DENIAL_TITLES: Record<DenialCode, string> = {
  account_closed: 'This account is closed',
  payment_disputed: 'A payment is disputed',
  request_invalid: 'This cannot be sent as it is',
  not_offered: 'This is not on offer',
  price_changed: 'The price has changed',
  limit_reached: 'Your own limit is reached',
  too_many_open: 'Too many answers are running',
  credits_held: 'Your credits are reserved for answers that are still running',
  credits_exhausted: 'You are out of credits',
  credits_insufficient: 'Not enough credits for this message',
  action_id_reused: 'This was already sent',
  action_unknown: 'This message is not known',
  leg_already_ended: 'This answer has already ended',
  already_granted: 'This was already given',
  payment_unknown: 'This payment is not known yet',
  payment_conflict: 'This contradicts what is known of the payment',
  too_many_lots: 'Too many grants have something left: use some first',
};

const FLAG_REASONS: Record<Flag, string> = {
  code: 'code',
  math: 'mathematics',
  translation: 'translation',
  writing: 'long text',
  several: 'several questions',
};

/** Why a rule of routing holds, in few words; nothing where it always does. */
export function reasonWords(when: RoutingCondition): string {
  const reasons: string[] = [];
  if (when.flag !== undefined) reasons.push(FLAG_REASONS[when.flag]);
  if (when.input_tokens_above !== undefined) reasons.push('much to read');
  if (when.messages_above !== undefined) reasons.push('long conversation');
  if (when.complexity_at_least !== undefined) reasons.push('demanding');
  if (reasons.length === 0 && when.cost_at_most !== undefined) reasons.push('low cost');
  return reasons.join(', ');
}

/** Words as the beginning of a sentence. */
export function sentence(words: string): string {
  return `${words.charAt(0).toUpperCase()}${words.slice(1)}`;
}

/** Words of English for one token of an answer, as OpenAI's help has it. */
const WORDS_PER_TOKEN = 0.75;

/** How long an answer of so many tokens is, in words, rounded down to two digits. */
export function wordsOf(tokens: number): number {
  const words = Math.floor(tokens * WORDS_PER_TOKEN);
  const step = 10 ** Math.max(0, String(words).length - 2);
  return Math.floor(words / step) * step;
}

/** What caps mean for the person: "answers of up to 380 words"; nothing where nothing is capped. */
export function capsWords(caps: Caps, nameOf: (model: string) => string): string {
  const words: string[] = [];
  if (caps.candidates) words.push(`only ${caps.candidates.map(nameOf).join(', ')}`);
  if (caps.output_tokens !== undefined) {
    words.push(`answers of up to ${wordsOf(caps.output_tokens).toLocaleString()} words`);
  }
  if (caps.steps !== undefined) words.push(`up to ${caps.steps} steps`);
  if (caps.searches !== undefined) words.push(`up to ${caps.searches} searches`);
  return words.join(', ');
}
