// Amounts for people: exact, grouped as their language does, never through a float.
import { errorOf } from './error-of.js';

/** As the engine writes amounts, those of price lines too: at most 16 decimals, one spelling. */
const CANONICAL = /^(?!-0$)-?(?:0|[1-9]\d{0,21})(?:\.(\d{0,15}[1-9]))?$/;
/** Formatters that are kept: a page shows a few lengths of fractions, in one language. */
const KEPT_MAX = 16;

/** To make a formatter takes ten times as long as to use it. */
const kept = new Map<string, Intl.NumberFormat>();

/**
 * An amount for people: `12`, `1.40`, `1.3755`, `12,345.678901`. Nothing is ever rounded; where
 * there is a fraction it has at least two decimals, so that amounts line up as prices do. Throws
 * `amount_invalid` or `locale_invalid`.
 */
export function format(amount: string, locale?: string | null): string {
  const found = typeof (amount as unknown) === 'string' ? CANONICAL.exec(amount) : null;
  const [, fraction = ''] = found ?? refuse(amount);
  const decimals = fraction.length === 1 ? 2 : fraction.length;
  // An engine that knows `formatToParts` of a text keeps every digit of it.
  return formatter(locale ?? undefined, decimals).format(amount as Intl.StringNumericLiteral);
}

function refuse(amount: unknown): never {
  const words = 'is not a canonical amount: write a text of digits, as `12.5`, and no zeros around';
  throw errorOf('amount_invalid', '', `\`${String(amount)}\` ${words}`);
}

function formatter(locale: string | undefined, decimals: number): Intl.NumberFormat {
  const key = locale === undefined ? `${decimals}` : `${decimals} ${locale}`;
  const known = kept.get(key);
  if (known) return known;
  const made = formatterOf(locale, decimals);
  const [oldest] = kept.keys();
  if (kept.size >= KEPT_MAX && oldest !== undefined) kept.delete(oldest);
  kept.set(key, made);
  return made;
}

function formatterOf(locale: string | undefined, decimals: number): Intl.NumberFormat {
  try {
    return new Intl.NumberFormat(locale, {
      minimumFractionDigits: decimals,
      maximumFractionDigits: decimals,
    });
  } catch {
    throw errorOf('locale_invalid', '', 'not a locale: write a tag such as `en-GB`');
  }
}
