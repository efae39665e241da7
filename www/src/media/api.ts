// The media library's routes.
import { type MadeFile, get, problemOf } from '../chat/api';

/** An answer that made something. */
export interface MadeAnswer {
  action_id: string;
  leg: number;
  conversation_id: string;
  model: string;
  prompt: string;
  created_at: string;
  charge?: string;
  files: MadeFile[];
}

const WAIT_MS_MAX = 20_000;

/** What was made, the last first; those before `next` of an earlier page. */
export function listMedia(before?: string): Promise<{ media: MadeAnswer[]; next: string | null }> {
  const page = before === undefined ? '' : `?before=${encodeURIComponent(before)}`;
  return get(`/api/media${page}`);
}

/** Deletes one for good. One that is gone already is as good. */
export async function deleteMade(actionId: string, fileId: string): Promise<void> {
  const path = `/api/actions/${encodeURIComponent(actionId)}/files/${encodeURIComponent(fileId)}`;
  const signal = AbortSignal.timeout(WAIT_MS_MAX);
  const response = await fetch(path, { method: 'DELETE', signal });
  if (!response.ok && response.status !== 404) throw await problemOf(response);
}
