// What each file of a message adds to its likely price: what it is with the file, beyond what it
// is without it.
import type { ModelId, Request } from '@kumari/credits';
import { beyond } from '../credits/amounts';
import type { Prices } from '../credits/client';
import type { Content } from '../files/content';
import type { DraftPrice, DraftPricing, PricedFile } from './pricing';

export type Shares = ReadonlyMap<string, string>;

const NONE: Shares = new Map();
const known = new WeakMap<DraftPrice, Shares>();

/** By the files' ids; without those that are not known yet, or that no model here takes. */
export function sharesOf(pricing: DraftPricing): Shares {
  const price = pricing.price();
  const shares = known.get(price) ?? computed(pricing, price);
  known.set(price, shares);
  return shares;
}

function computed(pricing: DraftPricing, { estimate }: DraftPrice): Shares {
  const { choice, files = [], prices } = pricing.terms() ?? {};
  if (!choice || !prices) return NONE;
  // Where there is no price for all of them, it is that of those that the models take.
  const taken = files.filter(
    ({ content }) => content && choice.models.every((model) => takes(prices, model, content)),
  );
  if (taken.length === 0) return NONE;
  const likely = (some: readonly PricedFile[]) => pricing.likely(some, estimate?.caps);
  const all = estimate?.expected ?? likely(taken);
  const shares = new Map<string, string>();
  for (const { id } of taken) {
    const without = likely(taken.filter((file) => file.id !== id));
    const share = all !== undefined && without !== undefined ? beyond(all, without) : null;
    if (share !== null) shares.set(id, share);
  }
  return shares;
}

/** Whether `model` takes a file at all. */
export function takes(prices: Prices, model: ModelId, content: Content): boolean {
  const kind = prices.models.find((one) => one.id === model)?.kind;
  if (content.kind === 'document' || typeof kind !== 'object' || !('text' in kind)) return true;
  const alone: Request = {
    task: 'direct',
    models: [model],
    input_tokens: { [kind.text.encoding.name]: 0 },
    attachments: [content],
  };
  return prices.estimate(alone) !== null;
}
