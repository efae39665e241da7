// Sends the draft, and tells how that went. What is typed meanwhile is the next message.
import type { Denial } from '@kumari/credits';
import { useEffect, useRef, useState } from 'react';
import { ApiError, getAction } from '../chat/api';
import { chat } from '../chat/use-chat';
import { useClient, useCredits, usePrices } from '../credits/client';
import { letGo } from '../files/held';
import { begin } from '../shell/route';
import { announce } from '../ui/announce';
import { type Chosen, returned, sent, taken, unanswered } from './choice';
import type { Draft } from './draft';
import { viewsOf } from './draft-files';
import type { DraftPricing } from './pricing';
import type { KeptDraft } from './use-draft';

export interface Notice {
  code: string;
  words: string;
  /** The server's, of a field of the message. */
  denial?: Denial | undefined;
}

/** What a notice is of. */
type Written = Pick<Draft, 'text' | 'files'>;

export interface Sending {
  isSending: boolean;
  notice: Notice | null;
  /** Sends `text`, which is all of the draft's. */
  send: (text: string) => Promise<void>;
  stop: (actionId: string) => Promise<void>;
}

export function useSend({
  conversationId,
  kept,
  choice,
  pricing,
  flush,
}: {
  conversationId: string | null;
  kept: KeptDraft;
  choice: Chosen | null;
  pricing: DraftPricing;
  /** Brings the draft up to what was typed. */
  flush: () => void;
}): Sending {
  const client = useClient();
  const prices = usePrices();
  const { draft, change } = kept;
  const [isWaiting, setIsWaiting] = useState(false);
  const [notice, setNotice] = useState<(Notice & { of: Written }) | null>(null);
  const arrived = useArrived(kept);
  useUnanswered(kept, arrived, isWaiting);

  const say = (code: string, words: string, of: Written = draft, denial?: Denial) => {
    setNotice({ code, words, of, denial });
    announce(words);
  };

  const send = async (text: string) => {
    if (!client || !choice || !prices) return;
    const ids = draft.repeat ?? {
      actionId: client.newId(),
      conversationId: conversationId ?? client.newId(),
    };
    const files = viewsOf(draft.files);
    const counted = pricing.requestOf(text);
    change((draft) => sent(draft, text, ids));
    setIsWaiting(true);
    setNotice(null);
    const priced = await counted;
    const result = await pricing.priced(priced, () =>
      client.send({
        action_id: ids.actionId,
        conversation_id: ids.conversationId,
        task: choice.mode,
        ...(choice.models.length === 0 ? {} : { models: choice.models }),
        ...choice.amounts,
        text,
        ...(files.length === 0 ? {} : { files: files.map((file) => file.file_id) }),
      }),
    );
    setIsWaiting(false);
    if (result.kind === 'admitted') {
      chat.admitted(result.action, text, files);
      for (const file of files) letGo(file.file_id);
      arrived(result.action.conversation_id);
      return;
    }
    flush();
    /** What stands in the field again. */
    let back = draft;
    change((now) => (back = result.kind === 'failed' ? unanswered(now, draft) : returned(now)));
    if (result.kind === 'failed') {
      say(
        result.error.code,
        `${result.error.message} Your draft is kept; send again when you like.`,
        back,
      );
      return;
    }
    const { denial } = result;
    if (denial.code === 'price_changed') {
      const now = denial.estimate
        ? ` It is now up to ${prices.format(denial.estimate.high)} credits.`
        : '';
      say(denial.code, `The price has changed.${now} Look at it and send again.`, back);
    } else {
      say(denial.code, denial.message, back, denial.path === undefined ? undefined : denial);
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

  return {
    isSending: draft.sending !== undefined,
    // What was said of another message does not hold for this one.
    notice: notice?.of.text === draft.text && notice.of.files === draft.files ? notice : null,
    send,
    stop,
  };
}

/** What is to be done once a message was taken; its conversation is opened if it is still wanted. */
function useArrived({ change, begin: beginDraft }: KeptDraft): (conversationId: string) => void {
  const isHere = useRef(false);
  useEffect(() => {
    isHere.current = true;
    return () => {
      isHere.current = false;
    };
  }, []);
  return (conversationId) => {
    change(taken);
    beginDraft(conversationId);
    if (isHere.current) begin(conversationId);
  };
}

/**
 * After a reload: a message whose send was never answered here. The package has sent it again by
 * itself; if it arrived, its conversation is opened, else its text is back in the field.
 */
function useUnanswered(
  { draft, change }: KeptDraft,
  arrived: (conversationId: string) => void,
  isWaiting: boolean,
): void {
  const { pending, status } = useCredits();
  const { sending } = draft;
  const isPending =
    sending !== undefined && pending.some((one) => one.action_id === sending.actionId);
  const isDue = sending !== undefined && !isPending && !isWaiting && status === 'live';
  useEffect(() => {
    if (!isDue) return;
    getAction(sending.actionId).then(
      (action) => {
        void chat.reload(action.conversation_id);
        arrived(action.conversation_id);
      },
      (error: unknown) => {
        const isUnknown = error instanceof ApiError && error.status === 404;
        change((now) => (isUnknown ? returned(now) : unanswered(now, draft)));
      },
    );
    // The draft changes with every letter; what is asked only with the send.
    // eslint-disable-next-line react-hooks/exhaustive-deps
  }, [isDue]);
}
