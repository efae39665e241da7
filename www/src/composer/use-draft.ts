// The draft of the conversation that a page shows, kept with each change.
import { useCallback, useRef, useState } from 'react';
import { withFiles, withText } from './choice';
import { type Draft, keepDraft, readDraft } from './draft';

/** Changes a draft to what it makes of it as it is then. */
export type ChangeDraft = (change: (draft: Draft) => Draft) => void;

export interface KeptDraft {
  draft: Draft;
  change: ChangeDraft;
  /** The new conversation has this id from now on, and the draft is its. */
  begin: (conversationId: string) => void;
}

export function useDraft(id: string | null): KeptDraft {
  const [draft, setDraft] = useState(() => readDraft(id));
  // Who waited for an answer changes the draft as it is by then, and in its place by then.
  const latest = useRef({ id, draft });
  const change = useCallback((change: (draft: Draft) => Draft) => {
    const { id, draft: before } = latest.current;
    const draft = change(before);
    latest.current = { id, draft };
    setDraft(draft);
    keepDraft(id, draft);
  }, []);
  const begin = useCallback((conversationId: string) => {
    const { id, draft } = latest.current;
    keepDraft(id, withFiles(withText(draft, ''), []));
    keepDraft(conversationId, draft);
    latest.current = { id: conversationId, draft };
  }, []);
  return { draft, change, begin };
}
