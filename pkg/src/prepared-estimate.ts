// A price that is asked for again and again while the counts of a text change.
import { jsonOf, valueOf } from './boundary.js';
import { errorOf } from './error-of.js';
import type { Caps, Estimate, Request } from './types/engine.js';

/** What a request costs, in whole micro-credits: 1 credit is 1 000 000 of them. */
export interface PriceInMicros {
  /** The least. */
  low: number;
  /** The likely price. */
  expected: number;
  /** The most. */
  high: number;
  /** What it is likely to lie between, where the book was loaded with a calibration that knows. */
  likely?: { low: number; high: number };
}

/** A request without the counts that are to follow. */
export type RequestTemplate = Omit<Request, 'input_tokens' | 'messages'>;

/** What a module has prepared. */
interface Handle {
  price(
    o200kBase: number,
    o200kBaseLatin: number,
    cl100kBase: number,
    cl100kBaseLatin: number,
    messages: number,
  ): number;
  last(which: number): number;
  free(): void;
}

/** What a handle says of the last price, as in `src/browser/prepared.rs`. */
const Which = { Expected: 0, High: 1, LikelyLow: 2, LikelyHigh: 3 } as const;

/** Asks for the whole estimate of the request with these counts. */
type Ask = (counts: Pick<Request, 'input_tokens' | 'messages'>) => Estimate;

/** A request whose price was prepared: book, task, models and bounds stay, counts change. */
export class PreparedEstimate {
  readonly #handle: Handle;
  readonly #ask: Ask;

  /** @internal Made by `prepareEstimate`. */
  constructor(handle: Handle, ask: Ask) {
    this.#handle = handle;
    this.#ask = ask;
  }

  /**
   * Low, expected and high price with these counts: what `estimate` comes to with them, always, and
   * what it throws. Amounts are exact: above 9 007 199 254.740991 credits, where JavaScript's
   * numbers are not, it throws `amount_too_large`.
   */
  price(input_tokens: NonNullable<Request['input_tokens']>, messages = 1): PriceInMicros {
    const { o200k_base, o200k_base_latin, cl100k_base, cl100k_base_latin } = input_tokens;
    const isSound =
      Number.isSafeInteger(messages) &&
      isCountOrAbsent(o200k_base) &&
      isCountOrAbsent(o200k_base_latin) &&
      isCountOrAbsent(cl100k_base) &&
      isCountOrAbsent(cl100k_base_latin);
    const low = isSound
      ? this.#handle.price(
          o200k_base ?? -1,
          o200k_base_latin ?? -1,
          cl100k_base ?? -1,
          cl100k_base_latin ?? -1,
          messages,
        )
      : -1;
    if (low < 0) return inMicros(this.#ask({ input_tokens, messages }));
    const price: PriceInMicros = {
      low,
      expected: this.#handle.last(Which.Expected),
      high: this.#handle.last(Which.High),
    };
    const likely = this.#handle.last(Which.LikelyLow);
    if (likely >= 0) price.likely = { low: likely, high: this.#handle.last(Which.LikelyHigh) };
    return price;
  }

  /** Gives its memory back; otherwise that happens when it is collected. */
  free(): void {
    this.#handle.free();
  }
}

/** Prepares with a module's own functions. */
export function preparer<Book>(
  prepare: (book: Book, request: Request, caps?: Caps | null) => Handle,
  estimate: (book: Book, request: Request, caps?: Caps | null) => Estimate,
): (book: Book, request: RequestTemplate, caps?: Caps | null) => PreparedEstimate {
  return (book, request, caps) => {
    // As it is now, whatever becomes of the object.
    const [asked, capped] = [copyOf(request), copyOf(caps)];
    return new PreparedEstimate(prepare(book, asked, capped), (counts) =>
      estimate(book, { ...asked, ...counts }, capped),
    );
  };
}

/** Micro-credits as a decimal string of credits, as all other amounts are. */
export function creditsOf(micros: number): string {
  if (!Number.isSafeInteger(micros)) {
    throw errorOf('amount_invalid', '', `\`${micros}\` is not a whole number of micro-credits`);
  }
  const digits = String(Math.abs(micros)).padStart(7, '0');
  const fraction = digits.slice(-6).replace(/0+$/, '');
  const whole = `${micros < 0 ? '-' : ''}${digits.slice(0, -6)}`;
  return fraction === '' ? whole : `${whole}.${fraction}`;
}

/** What the estimate reads of it, and refuses where that cannot be read. */
function copyOf<T>(value: T): T {
  return valueOf(jsonOf(value, false)) as T;
}

/** Of anything else the estimate says what is wrong with it. */
function isCountOrAbsent(count: number | undefined): boolean {
  return count === undefined || (Number.isSafeInteger(count) && count >= 0);
}

function inMicros({ low, expected, high, likely }: Estimate): PriceInMicros {
  const price = { low: microsOf(low), expected: microsOf(expected), high: microsOf(high) };
  if (likely === undefined) return price;
  return { ...price, likely: { low: microsOf(likely.low), high: microsOf(likely.high) } };
}

function microsOf(amount: string): number {
  const [whole = '', fraction = ''] = amount.split('.');
  const micros = Number(`${whole}${fraction.padEnd(6, '0')}`);
  if (!Number.isSafeInteger(micros)) {
    throw errorOf('amount_too_large', '', `\`${amount}\` credits are more than a number can hold`);
  }
  return micros;
}
