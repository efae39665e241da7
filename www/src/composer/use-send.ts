// Sends the draft, and tells how that went.
import type { ModelId } from '@kumari/credits';
import { useEffect, useState } from 'react';
import { ApiError, getAction } from '../chat/api';
import { chat } from '../chat/use-chat';
import { useClient, useCredits, usePrices } from '../credits/client';
import type { Mode } from '../credits/words';
import { go } from '../shell/route';
import { announce } from '../ui/announce';
import { unsent, withText } from './choice';
import type { Draft } from './draft';

export interface Notice {
  code: string;
  words: string;
}

export interface Sending {
  isSending: boolean;
  notice: Notice | null;
  /** Sends `text` once `ready` is done. */
  send: (text: string, ready: () => Promise<void>) => Promise<void>;
  stop: (actionId: string) => Promise<void>;
}

export function useSend({
  conversationId,
  draft,
  setDraft,
  choice,
}: {
  conversationId: string | null;
  draft: Draft;
  setDraft: (draft: Draft) => void;
  choice: { mode: Mode; models: ModelId[] } | null;
}): Sending {
  const client = useClient();
  const prices = usePrices();
  const [isSending, setIsSending] = useState(false);
  const [notice, setNotice] = useState<(Notice & { text: string }) | null>(null);
  useUnanswered(draft, setDraft, isSending);

  const say = (code: string, words: string, text = draft.text) => {
    setNotice({ code, words, text });
    announce(words);
  };

  const send = async (text: string, ready: () => Promise<void>) => {
    if (!client || !choice || !prices) return;
    // Where a send was never answered, the same ids make its repeat harmless.
    const sending = draft.sending ?? {
      actionId: client.newId(),
      conversationId: conversationId ?? client.newId(),
    };
    setDraft({ ...draft, text, sending });
    setIsSending(true);
    setNotice(null);
    await ready();
    const sent = await client.send({
      action_id: sending.actionId,
      conversation_id: sending.conversationId,
      task: choice.mode,
      ...(choice.models.length === 0 ? {} : { models: choice.models }),
      text,
    });
    setIsSending(false);
    switch (sent.kind) {
      case 'admitted':
        setDraft(withText(draft, ''));
        chat.admitted(sent.action, text);
        if (conversationId === null) go(sent.action.conversation_id);
        break;
      case 'denied': {
        setDraft(unsent({ ...draft, text }));
        const { denial } = sent;
        if (denial.code === 'price_changed') {
          const now = denial.estimate
            ? ` It is now up to ${prices.format(denial.estimate.high)} credits.`
            : '';
          say(denial.code, `The price has changed.${now} Look at it and send again.`, text);
        } else {
          say(denial.code, denial.message, text);
        }
        break;
      }
      case 'failed':
        say(
          sent.error.code,
          `${sent.error.message} Your draft is kept; send again when you like.`,
          text,
        );
        break;
    }
  };

  const stop = async (actionId: string) => {
    try {
      await client?.stop(actionId);
    } catch (error) {
      say(
        'stop_failed',
        error instanceof Error ? error.message : 'The answer could not be stopped.',
      );
    }
  };

  // What was said of another text does not hold for this one.
  return { isSending, notice: notice?.text === draft.text ? notice : null, send, stop };
}

/**
 * After a reload: a draft whose send was never answered here. The package has sent it again by
 * itself; if it arrived, the draft is done and its conversation is opened.
 */
function useUnanswered(draft: Draft, setDraft: (draft: Draft) => void, isSending: boolean): void {
  const { pending, status } = useCredits();
  const { sending } = draft;
  const isPending =
    sending !== undefined && pending.some((one) => one.action_id === sending.actionId);
  const isDue = sending !== undefined && !isPending && !isSending && status === 'live';
  useEffect(() => {
    if (!isDue) return;
    getAction(sending.actionId).then(
      (action) => {
        setDraft(withText(draft, ''));
        void chat.reload(action.conversation_id);
        go(action.conversation_id);
      },
      (error: unknown) => {
        if (error instanceof ApiError && error.status === 404) setDraft(unsent(draft));
      },
    );
    // The draft changes with every letter; what is asked only with the send.
    // eslint-disable-next-line react-hooks/exhaustive-deps
  }, [isDue]);
}
