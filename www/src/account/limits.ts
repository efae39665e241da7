// The person's own limits, as the server keeps them.
import type { Limits } from '@kumari/credits';
import { ask } from '../chat/api';

/** Puts all of them: what is left out is not limited any more. */
export function putLimits(limits: Limits): Promise<unknown> {
  return ask('PUT', '/api/limits', { body: limits });
}

/** An amount as a person types it, as the engine reads it; nothing where it is none. */
export function amountTyped(text: string): string | null {
  const plain = text.trim().replace(',', '.');
  if (!/^\d{1,9}(\.\d{0,6})?$/.test(plain)) return null;
  const [whole = '0', fraction = ''] = plain.split('.');
  const digits = fraction.replace(/0+$/, '');
  const amount = String(Number(whole));
  return digits === '' ? amount : `${amount}.${digits}`;
}
