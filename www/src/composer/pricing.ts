// What a draft costs, brought up to each letter: its count becomes a request, and the client that
// is given it prices it at once.
//
// None of that is rendered. Only what shows the price follows it, so a letter in a long draft
// renders a few words and nothing around them.
import type { Caps, Denial, Encoding, Estimate, Request } from '@kumari/credits';
import type { CreditsClient, CreditsState } from '@kumari/credits/client';
import type { TokenCount } from '@kumari/credits/tokens';
import { useEffect, useLayoutEffect, useState, useSyncExternalStore } from 'react';
import type { History } from '../chat/turns';
import { type Prices, useClient, useSubscribe } from '../credits/client';
import { kindOf } from '../credits/words';
import { type Content, countsOf } from '../files/content';
import { type Chosen, alone, bytesOf, requestOf } from './choice';
import type { Edit } from './editor';
import type { ModelOption } from './model-options';
import { type CountedText, NOT_COUNTED, countText } from './use-token-count';

/** What the price depends on, but for the text. */
export interface Terms {
  choice: Chosen | null;
  prices: Prices | null;
  history: History;
  flags: Request['flags'];
  files: readonly PricedFile[];
  encodings: readonly Encoding[];
  /** Prices were refused for want of a vocabulary: each byte counts, which is never too few. */
  isCareful: boolean;
}

/** A file of the message; nothing is known yet of what is in one that is still being read. */
export interface PricedFile {
  id: string;
  content: Content | undefined;
}

/** The price as it is shown: one object until it changes. */
export interface DraftPrice {
  /** Nothing while book or balance are still to come. */
  isPriced: boolean;
  estimate: Estimate | null;
  denial: Denial | null;
  /** It is of the exact count of the text, and of all files. */
  isExact: boolean;
  /** Tokens that are sent, as they are counted here: those of earlier messages and of documents too. */
  sent: { all: number; conversation: number; files: number };
}

const NO_PRICE: DraftPrice = {
  isPriced: false,
  estimate: null,
  denial: null,
  isExact: false,
  sent: { all: 0, conversation: 0, files: 0 },
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
  async requestOf(text: string): Promise<Priced | null> {
    const [terms, counted] = [this.#terms, this.#count];
    const count = (await this.#text?.exact(text)) ?? counted;
    if (!terms?.choice || !terms.prices) return null;
    const flags = count.isExact ? terms.prices.flags(text) : terms.flags;
    const request = requestWith({ ...terms, flags }, terms.choice, count, () => text);
    return { request, files: idsOf(terms) };
  }

  /** Lets the client price `request` in place of the draft while `send` begins. */
  priced<T>(priced: Priced | null, send: () => T): T {
    this.#client?.setRequest(priced?.request ?? null, priced?.files);
    const sent = send();
    this.#tell();
    return sent;
  }

  /** The price as it is shown. */
  price(): DraftPrice {
    const draft = this.#client?.state().draft ?? null;
    const isExact = this.#count.isExact && !this.#terms?.files.some(({ content }) => !content);
    if (draft !== this.#draft || isExact !== this.#price.isExact) {
      this.#draft = draft;
      this.#price = { ...shown(draft), isExact, sent: this.#sent() };
    }
    return this.#price;
  }

  /** Each model that could do it, with what this message would cost with it alone. */
  readonly options = (): ModelOption[] => {
    const { choice, prices } = this.#terms ?? {};
    const mode = alone(choice?.mode ?? 'direct');
    return (prices?.modelsOf(kindOf(mode)) ?? []).map((model) => {
      const request = this.#request({ ...choice, mode, models: [model.id] });
      return { model, price: request && (prices?.estimate(request) ?? null) };
    });
  };

  /** On which terms it is. */
  terms(): Terms | null {
    return this.#terms;
  }

  /** The likely price of the message with these files instead; nothing where there is none. */
  likely(files: readonly PricedFile[], caps: Caps | undefined): string | undefined {
    const terms = this.#terms;
    if (!terms?.choice) return undefined;
    const request = requestWith({ ...terms, files }, terms.choice, this.#count, this.#read);
    return terms.prices?.estimate(request, caps)?.expected;
  }

  #sent(): DraftPrice['sent'] {
    const [encoding] = this.#terms?.encodings ?? [];
    if (!this.#terms || encoding === undefined) return NO_PRICE.sent;
    const conversation = this.#terms.history.tokens[encoding] ?? 0;
    const files = countsOf(contentsOf(this.#terms)).tokens[encoding] ?? 0;
    const all = conversation + files + (this.#count.tokens[encoding] ?? 0);
    return { all, conversation, files };
  }

  /** The client tells all who follow it. */
  #tell(): void {
    const choice = this.#terms?.prices ? this.#terms.choice : null;
    this.#client?.setRequest(
      choice && this.#request(choice),
      this.#terms ? idsOf(this.#terms) : null,
    );
  }

  #request(choice: Chosen): Request | null {
    const terms = this.#terms;
    return terms && requestWith(terms, choice, this.#count, this.#read);
  }
}

/** What is priced: a request, and the files that it counts. */
export interface Priced {
  request: Request;
  files: string[];
}

function requestWith(terms: Terms, choice: Chosen, count: TokenCount, read: () => string): Request {
  const { history, encodings, flags, isCareful } = terms;
  const isByBytes = isCareful && !count.isExact;
  const counted = isByBytes ? bytesOf(read(), encodings) : count.tokens;
  return requestOf(choice, history, counted, flags, countsOf(contentsOf(terms)));
}

function contentsOf({ files }: Terms): Content[] {
  return files.flatMap(({ content }) => content ?? []);
}

function idsOf({ files }: Terms): string[] {
  return files.map(({ id }) => id);
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
