// What a draft costs, brought up to each letter: its count becomes a request, and the client that
// is given it prices it at once.
//
// None of that is rendered. Only what shows the price follows it, so a letter in a long draft
// renders a few words and nothing around them.
import type { Denial, Encoding, Estimate, ModelId, Request } from '@kumari/credits';
import type { CreditsClient, CreditsState } from '@kumari/credits/client';
import { useEffect, useLayoutEffect, useState, useSyncExternalStore } from 'react';
import type { History } from '../chat/turns';
import { type Prices, useClient, useSubscribe } from '../credits/client';
import type { Mode } from '../credits/words';
import { bytesOf, requestOf } from './choice';
import type { Edit } from './editor';
import type { ModelOption } from './model-options';
import { type CountedText, NOT_COUNTED, countText } from './use-token-count';

/** What the price depends on, but for the text. */
export interface Terms {
  choice: { mode: Mode; models: ModelId[] } | null;
  prices: Prices | null;
  history: History;
  flags: Request['flags'];
  encodings: readonly Encoding[];
  /** Prices were refused for want of a vocabulary: each byte counts, which is never too few. */
  isCareful: boolean;
}

/** The price as it is shown: one object until it changes. */
export interface DraftPrice {
  /** Nothing while book or balance are still to come. */
  isPriced: boolean;
  estimate: Estimate | null;
  denial: Denial | null;
  /** It is of the exact count of the text. */
  isExact: boolean;
  /** Tokens that are sent, as they are counted here, and how many of them are earlier messages. */
  sent: { all: number; conversation: number };
}

const NO_PRICE: DraftPrice = {
  isPriced: false,
  estimate: null,
  denial: null,
  isExact: false,
  sent: { all: 0, conversation: 0 },
};

export class DraftPricing {
  readonly #read: () => string;
  #client: CreditsClient | null = null;
  #terms: Terms | null = null;
  #text: CountedText | null = null;
  #count = NOT_COUNTED;
  #draft: CreditsState['draft'] = null;
  #price = NO_PRICE;

  /** `read` gives the text as it is. */
  constructor(read: () => string) {
    this.#read = read;
  }

  /** Prices on these terms from now on. */
  ask(client: CreditsClient | null, terms: Terms): void {
    this.#client = client;
    this.#terms = terms;
    this.#tell();
  }

  /** Counts in `encodings` from now on; what it returns ends that. */
  count(encodings: readonly Encoding[]): () => void {
    const text = countText(encodings, this.#read, (count) => {
      this.#count = count;
      this.#tell();
    });
    this.#text = text;
    return () => {
      text.close();
      this.#text = null;
    };
  }

  /** What changed in the text. */
  readonly edit = (edits: readonly Edit[]): void => {
    this.#text?.edit(edits);
  };

  /** Makes the price that of the text as it is, where its count comes in time. */
  async bringUp(): Promise<void> {
    const count = await this.#text?.exact();
    if (!count) return;
    this.#count = count;
    this.#tell(this.#terms?.prices?.flags(this.#read()));
  }

  /** The price as it is shown. */
  price(): DraftPrice {
    const draft = this.#client?.state().draft ?? null;
    const { isExact } = this.#count;
    if (draft !== this.#draft || isExact !== this.#price.isExact) {
      this.#draft = draft;
      this.#price = { ...shown(draft), isExact, sent: this.#sent() };
    }
    return this.#price;
  }

  /** Each model with what this message would cost with it alone. */
  readonly options = (): ModelOption[] => {
    const { prices } = this.#terms ?? {};
    return (prices?.models ?? []).map((model) => {
      const request = this.#requestOf({ mode: 'direct', models: [model.id] });
      return { model, price: request && (prices?.estimate(request) ?? null) };
    });
  };

  #sent(): DraftPrice['sent'] {
    const [encoding] = this.#terms?.encodings ?? [];
    if (!this.#terms || encoding === undefined) return NO_PRICE.sent;
    const conversation = this.#terms.history.tokens[encoding] ?? 0;
    return { all: conversation + (this.#count.tokens[encoding] ?? 0), conversation };
  }

  /** The client tells all who follow it. */
  #tell(flags?: Request['flags']): void {
    const choice = this.#terms?.prices ? this.#terms.choice : null;
    this.#client?.setRequest(choice && this.#requestOf(choice, flags));
  }

  #requestOf(
    choice: { mode: Mode; models: ModelId[] },
    flags = this.#terms?.flags,
  ): Request | null {
    if (!this.#terms) return null;
    const { history, encodings, isCareful } = this.#terms;
    const isByBytes = isCareful && !this.#count.isExact;
    const tokens = isByBytes ? bytesOf(this.#read(), encodings) : this.#count.tokens;
    return requestOf(choice, history, tokens, flags);
  }
}

/** Prices the text that `read` gives on these terms, which are one object until they change. */
export function usePricing(read: () => string, terms: Terms): DraftPricing {
  const client = useClient();
  const [pricing] = useState(() => new DraftPricing(read));
  const { encodings } = terms;
  useLayoutEffect(() => {
    pricing.ask(client, terms);
  }, [client, pricing, terms]);
  useEffect(
    () => (encodings.length === 0 ? undefined : pricing.count(encodings)),
    [encodings, pricing],
  );
  return pricing;
}

/** What `pick` takes of the price. It renders where that is another value than before. */
export function usePrice<T>(pricing: DraftPricing, pick: (price: DraftPrice) => T): T {
  return useSyncExternalStore(useSubscribe(), () => pick(pricing.price()));
}

function shown(draft: CreditsState['draft']): Pick<DraftPrice, 'isPriced' | 'estimate' | 'denial'> {
  const verdict = draft?.eligibility ?? null;
  const denial = verdict?.verdict === 'denied' ? verdict : null;
  return {
    isPriced: verdict !== null,
    estimate: draft?.estimate ?? denial?.estimate ?? null,
    denial,
  };
}
