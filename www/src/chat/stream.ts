// Follows a running action: what its models say, as they say it.
import type { ActionStep, ActionView, LegStatus } from '@kumari/credits/client';
import { getAction } from './api';

export type Said =
  | { kind: 'delta'; leg: number; text: string }
  | { kind: 'leg'; leg: number; model: string; status: LegStatus; charge?: string }
  | { kind: 'step'; leg: number; place: number; step: ActionStep }
  | { kind: 'cost'; leg: number; so_far: string; at_most: string }
  | { kind: 'progress'; leg: number; percent: number }
  | { kind: 'restart' }
  | { kind: 'done'; action: ActionView };

const POLL_MS = 2_000;

/**
 * Tells `said` everything that the action's models have said and say until it ends. The browser
 * reconnects by itself; where it gave up, the action is asked for until it has ended.
 */
export function follow(actionId: string, said: (event: Said) => void): () => void {
  const source = new EventSource(`/api/actions/${encodeURIComponent(actionId)}/events`);
  let timer: ReturnType<typeof setTimeout> | undefined;
  let isOver = false;

  const close = () => {
    isOver = true;
    source.close();
    clearTimeout(timer);
  };
  const finish = (action: ActionView) => {
    close();
    said({ kind: 'done', action });
  };
  const poll = () => {
    getAction(actionId).then(
      (action) => {
        if (isOver) return;
        if (action.status === 'ended') finish(action);
        else timer = setTimeout(poll, POLL_MS);
      },
      () => {
        if (!isOver) timer = setTimeout(poll, POLL_MS);
      },
    );
  };

  let lastId = '';
  source.addEventListener('open', () => {
    // Without an id to go on from, the server tells everything from the beginning.
    if (lastId === '') said({ kind: 'restart' });
  });
  source.addEventListener('delta', (event) => {
    lastId = event.lastEventId;
    said({ kind: 'delta', ...(JSON.parse(event.data as string) as { leg: number; text: string }) });
  });
  source.addEventListener('progress', (event) => {
    lastId = event.lastEventId;
    const far = JSON.parse(event.data as string) as { leg: number; percent: number };
    said({ kind: 'progress', ...far });
  });
  source.addEventListener('leg', (event) => {
    lastId = event.lastEventId;
    const leg = JSON.parse(event.data as string) as {
      leg: number;
      model: string;
      status: LegStatus;
      charge?: string;
    };
    said({ kind: 'leg', ...leg });
  });
  for (const kind of ['step', 'cost'] as const) {
    source.addEventListener(kind, (event) => {
      lastId = event.lastEventId;
      said({ kind, ...(JSON.parse(event.data as string) as object) } as Said);
    });
  }
  source.addEventListener('done', (event) => {
    finish(JSON.parse(event.data as string) as ActionView);
  });
  source.addEventListener('error', () => {
    if (!isOver && source.readyState === EventSource.CLOSED) poll();
  });
  return close;
}
