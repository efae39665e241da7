// What a draft costs, brought up to each letter: its count becomes a request, and the client that
// is given it prices it at once.
//
// None of that is rendered. Only what shows the price follows it, so a letter in a long draft
// renders a few words and nothing around them.
import type { Denial, Encoding, Estimate, ModelId, Request } from '@kumari/credits';
import type { CreditsClient, CreditsState } from '@kumari/credits/client';
import type { TokenCount } from '@kumari/credits/tokens';
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

  /**
   * The request for `text`, which is the text as it is: by its exact count where that comes in time.
   * Text and terms may change from here on.
   */
  async requestOf(text: string): Promise<Request | null> {
    const [terms, counted] = [this.#terms, this.#count];
    const count = (await this.#text?.exact(text)) ?? counted;
    if (!terms?.choice || !terms.prices) return null;
    const flags = count.isExact ? terms.prices.flags(text) : terms.flags;
    return requestWith(terms, terms.choice, flags, count, () => text);
  }

  /** Lets the client price `request` in place of the draft while `send` begins. */
  priced<T>(request: Request | null, send: () => T): T {
    this.#client?.setRequest(request);
    const sent = send();
    this.#tell();
    return sent;
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
      const request = this.#request({ mode: 'direct', models: [model.id] });
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
  #tell(): void {
    const choice = this.#terms?.prices ? this.#terms.choice : null;
    this.#client?.setRequest(choice && this.#request(choice));
  }

  #request(choice: Choice): Request | null {
    const terms = this.#terms;
    return terms && requestWith(terms, choice, terms.flags, this.#count, this.#read);
  }
}

type Choice = NonNullable<Terms['choice']>;

function requestWith(
  { history, encodings, isCareful }: Terms,
  choice: Choice,
  flags: Request['flags'],
  count: TokenCount,
  read: () => string,
): Request {
  const isByBytes = isCareful && !count.isExact;
  return requestOf(choice, history, isByBytes ? bytesOf(read(), encodings) : count.tokens, flags);
}

/** Prices the text that `read` gives; on which terms, `useTerms` says. */
export function usePricing(read: () => string): DraftPricing {
  const [pricing] = useState(() => new DraftPricing(read));
  return pricing;
}

/** Prices on these terms, which are one object until they change. */
export function useTerms(pricing: DraftPricing, terms: Terms): void {
  const client = useClient();
  const { encodings } = terms;
  useLayoutEffect(() => {
    pricing.ask(client, terms);
  }, [client, pricing, terms]);
  useEffect(
    () => (encodings.length === 0 ? undefined : pricing.count(encodings)),
    [encodings, pricing],
  );
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
