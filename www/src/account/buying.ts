// What the server does with Pro, and what was bought.
import type { Purchase } from '@kumari/credits';
import { useCallback, useEffect, useState } from 'react';
import { ask, get } from '../chat/api';
import { sentence } from '../credits/words';

export interface Subscription {
  subscription: string;
  status: 'active' | 'past_due' | 'cancelled';
  began_at: string;
  months: number;
  usd_cents: number;
  credits: string;
  paid_until: string;
}

/** Who takes payments: a demo that takes no money, Stripe, or nobody. */
export type Payments = 'demo' | 'stripe' | 'none';

interface Answer {
  payments: Payments;
  subscription: Subscription | null;
}

/** A page of the payment provider where it goes on. */
interface PayAt {
  pay_at: string;
}

/** What a person may do with a subscription that there is. */
export type Change = 'cancel' | 'resume' | 'pay';

export interface PurchasesPage {
  purchases: Purchase[];
  /** For the next page; nothing on the last one. */
  next?: number;
}

/** Begins Pro. The same id again begins nothing again. */
export function subscribe(actionId: string): Promise<Answer | PayAt> {
  return ask('POST', '/api/subscription', { body: { action_id: actionId } });
}

export function changeSubscription(change: Change): Promise<Answer | PayAt> {
  return ask('POST', `/api/subscription/${change}`, { body: {} });
}

/** Begins to pay a pack at the payment provider's page. */
export async function payPack(actionId: string, usd: number): Promise<void> {
  goTo(await ask('POST', '/api/top-ups', { body: { action_id: actionId, usd } }));
}

function goTo({ pay_at: address }: PayAt): void {
  window.location.assign(address);
}

/** Tries the next renewal now; only where payments are demo. */
export function renewForShow(declines: boolean): Promise<Answer> {
  return ask('POST', '/api/subscription/demo-renewal', { body: { declines } });
}

export function purchasesBefore(before?: number): Promise<PurchasesPage> {
  const page = before === undefined ? '' : `&before=${before}`;
  return get(`/api/purchases?limit=20${page}`);
}

/**
 * The subscription as it is at that version of the account, and how to change it: nothing before it
 * is known, null where there is none.
 */
export function useSubscription(version: number | undefined) {
  const [answer, setAnswer] = useState<Answer | null>(null);
  const [isBusy, setIsBusy] = useState(false);
  const [error, setError] = useState<string | null>(null);
  useEffect(() => {
    let isGone = false;
    get<Answer>('/api/subscription').then(
      (answer) => {
        if (!isGone) setAnswer(answer);
      },
      (fault: unknown) => {
        if (!isGone) setError(messageOf(fault));
      },
    );
    return () => {
      isGone = true;
    };
  }, [version]);
  const run = useCallback(async (work: () => Promise<Answer | PayAt>) => {
    setIsBusy(true);
    setError(null);
    try {
      const answer = await work();
      if ('pay_at' in answer) {
        goTo(answer);
        return null;
      }
      setAnswer(answer);
      return answer.subscription;
    } catch (fault) {
      setError(messageOf(fault));
      return null;
    } finally {
      setIsBusy(false);
    }
  }, []);
  return { subscription: answer?.subscription, payments: answer?.payments, isBusy, error, run };
}

export function messageOf(fault: unknown): string {
  const message = fault instanceof Error ? fault.message : String(fault);
  return `${sentence(message).replace(/\.$/, '')}.`;
}

/** An amount of money: "$20", "$2.50". */
export function usdWords(cents: number): string {
  return new Intl.NumberFormat([], {
    style: 'currency',
    currency: 'USD',
    currencyDisplay: 'narrowSymbol',
    minimumFractionDigits: cents % 100 === 0 ? 0 : 2,
  }).format(cents / 100);
}

/** "every month", "every year". */
export function everyWords(months: number | undefined): string {
  return months === 12 ? 'every year' : 'every month';
}

export function dayOf(timestamp: string): string {
  return new Date(timestamp).toLocaleDateString([], { dateStyle: 'long' });
}
