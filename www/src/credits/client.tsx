// Where the app meets the package: one client, one state, and the prices of the book in force.
import {
  CreditsClient,
  type CreditsState,
  estimate,
  flags,
  format,
  init,
  loadPriceBook,
} from '@kumari/credits/client';
import type { Caps, Estimate, Flag, KindName, Model, ModelId, Request } from '@kumari/credits';
import {
  type ReactNode,
  createContext,
  useCallback,
  useContext,
  useEffect,
  useMemo,
  useState,
  useSyncExternalStore,
} from 'react';
import { isKind, reasonWords } from './words';

const STARTING: CreditsState = {
  status: 'loading',
  as_of: null,
  session: null,
  price_book: null,
  price_book_version: null,
  calibration: null,
  balance: null,
  draft: null,
  pending: [],
  error: null,
};

const ClientContext = createContext<CreditsClient | null>(null);

/** Loads the package and starts its client, once for the page. It never needs an end. */
async function startClient(): Promise<CreditsClient> {
  await init();
  const client = new CreditsClient();
  // What the last visit left is shown at once; the server's own follows.
  void client.start();
  return client;
}

let starting: Promise<CreditsClient> | undefined;

export function CreditsProvider({
  children,
  failed,
}: {
  children: ReactNode;
  failed: (error: unknown) => ReactNode;
}) {
  const [client, setClient] = useState<CreditsClient | null>(null);
  const [error, setError] = useState<{ cause: unknown } | null>(null);
  useEffect(() => {
    starting ??= startClient();
    starting.then(setClient, (cause: unknown) => {
      setError({ cause });
    });
  }, []);
  if (error) return failed(error.cause);
  return <ClientContext.Provider value={client}>{children}</ClientContext.Provider>;
}

/** The client; nothing while the package loads. */
export function useClient(): CreditsClient | null {
  return useContext(ClientContext);
}

/** What the page renders, but for the draft's price: that is new with every letter. */
export type Credits = Omit<CreditsState, 'draft'>;

/** The one state that the page renders, the draft's price left out. */
export function useCredits(): Credits {
  const client = useClient();
  return useSyncExternalStore(useSubscribe(), () => creditsOf(client?.state() ?? STARTING));
}

/** How to be told of each new state of the client; one function for each client. */
export function useSubscribe(): (changed: () => void) => () => void {
  const client = useClient();
  return useCallback(
    (changed: () => void) => client?.subscribe(changed) ?? (() => undefined),
    [client],
  );
}

let seen: { state: CreditsState; credits: Credits } = { state: STARTING, credits: STARTING };

/** The same object as long as nothing but the draft's price changed. */
function creditsOf(state: CreditsState): Credits {
  if (state !== seen.state) {
    const { draft: _draft, ...credits } = state;
    seen = { state, credits: isSame(seen.credits, credits) ? seen.credits : credits };
  }
  return seen.credits;
}

/** The client makes its small parts anew with each state; book and calibration stay one object. */
function isSame(one: Credits, other: Credits): boolean {
  const { price_book: book, calibration, balance, ...rest } = one;
  const {
    price_book: otherBook,
    calibration: otherCalibration,
    balance: otherBalance,
    ...otherRest
  } = other;
  return (
    book === otherBook &&
    calibration === otherCalibration &&
    balance?.version === otherBalance?.version &&
    balance?.as_of === otherBalance?.as_of &&
    JSON.stringify(rest) === JSON.stringify(otherRest)
  );
}

/** The book in force, with its functions bound to it. */
export interface Prices {
  /** What `request` costs; nothing where the book cannot price it. */
  estimate: (request: Request, caps?: Caps) => Estimate | null;
  /** An amount in the browser's language. */
  format: (amount: string) => string;
  /** What a text looks like, for routing. */
  flags: (text: string) => Flag[];
  /** What a Custom Pack of so many whole dollars gives; nothing where there is no such pack. */
  packCredits: (usd: number) => string | null;
  /** The text models, in the book's order. */
  models: readonly Model[];
  /** The models of a kind, in the book's order. */
  modelsOf: (kind: KindName) => readonly Model[];
  /** Whether a model makes files. */
  isMaker: (model: ModelId) => boolean;
  /** A model's name. */
  nameOf: (model: ModelId) => string;
  /** The model that routing is likely to ask, and why: "GPT-6 Luna (code)". */
  likelyWords: (leg: { model: ModelId; rule?: number | undefined }) => string;
}

/** The prices in force; nothing until the book is here. */
export function usePrices(): Prices | null {
  const { price_book: book, price_book_version: version, calibration } = useCredits();
  return useMemo(() => {
    if (!book || version === null) return null;
    const handle = loadPriceBook(book, calibration);
    const modelsOf = (kind: KindName) => book.models.filter((model) => isKind(model, kind));
    const nameOf = (id: ModelId) => book.models.find((model) => model.id === id)?.name ?? id;
    return {
      estimate(request, caps) {
        try {
          return estimate(handle, request, caps);
        } catch {
          return null;
        }
      },
      format: (amount) => format(amount),
      flags,
      packCredits: (usd) => handle.packCredits(usd) ?? null,
      models: modelsOf('text'),
      modelsOf,
      isMaker: (id) => book.models.some((model) => model.id === id && !isKind(model, 'text')),
      nameOf,
      likelyWords({ model, rule }) {
        const when = rule === undefined ? undefined : book.routing.rules[rule]?.when;
        const reason = when ? reasonWords(when) : '';
        return reason === '' ? nameOf(model) : `${nameOf(model)} (${reason})`;
      },
    } satisfies Prices;
    // A version names its content: two books with one version are one book.
    // eslint-disable-next-line react-hooks/exhaustive-deps
  }, [version, calibration]);
}
