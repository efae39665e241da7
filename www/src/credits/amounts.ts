// Amounts of credits, exact: the engine writes them as decimals of at most six places.

const PLACES = 6;

/** What `more` has beyond `less`; nothing where it has less. */
export function beyond(more: string, less: string): string | null {
  const difference = microsOf(more) - microsOf(less);
  return difference < 0n ? null : amountOf(difference);
}

/** Amounts together. */
export function sumOf(amounts: readonly string[]): string {
  return amountOf(amounts.reduce((sum, amount) => sum + microsOf(amount), 0n));
}

/** An amount in millionths. */
export function microsOf(amount: string): bigint {
  const [whole = '', fraction = ''] = amount.split('.');
  return BigInt(whole + fraction.padEnd(PLACES, '0'));
}

function amountOf(micros: bigint): string {
  const digits = String(micros).padStart(PLACES + 1, '0');
  const fraction = digits.slice(-PLACES).replace(/0+$/, '');
  const whole = digits.slice(0, -PLACES);
  return fraction === '' ? whole : `${whole}.${fraction}`;
}
