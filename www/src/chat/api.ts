// The chat's own routes. What has to do with credits goes through the package.
import type { ActionStep, ActionView, LegStatus } from '@kumari/credits/client';
import type { Tokens } from '../credits/tokens';
import type { Content as SentContent, FileView } from '../files/content';

/** What a model makes. */
export type MadeContent =
  | { kind: 'image'; width: number; height: number }
  | { kind: 'video'; seconds: number }
  | { kind: 'three_d'; triangles: number };

/** A file that a model made. */
export type MadeFile = FileView<MadeContent>;

/** What a leg of an action has besides its words. */
export interface MadeLeg {
  files?: MadeFile[];
  /** How far its job has come. */
  percent?: number;
}

export interface ConversationSummary {
  id: string;
  title: string;
  updated_at: string;
}

export interface Message {
  id: string;
  role: 'user' | 'assistant';
  action_id: string;
  leg?: number;
  model?: string;
  text: string;
  status: LegStatus | 'sent';
  charge?: string;
  /** Of its text. */
  tokens: Tokens;
  /** What the person sent along, or what the model made. */
  files?: FileView<SentContent | MadeContent>[];
  /** What the model did on its way. */
  steps?: ActionStep[];
  created_at: string;
}

export interface Conversation {
  id: string;
  title: string;
  messages: Message[];
}

/** A problem that the server described (RFC 9457), or a fault on the way to it. */
export class ApiError extends Error {
  override name = 'ApiError';
  constructor(
    readonly status: number,
    readonly code: string,
    message: string,
  ) {
    super(message);
  }
}

export function listConversations(
  before?: string,
): Promise<{ conversations: ConversationSummary[]; next: string | null }> {
  const page = before === undefined ? '' : `&before=${encodeURIComponent(before)}`;
  return get(`/api/conversations?limit=50${page}`);
}

export function getConversation(id: string): Promise<Conversation> {
  return get(`/api/conversations/${encodeURIComponent(id)}`);
}

export function getAction(id: string): Promise<ActionView> {
  return get(`/api/actions/${encodeURIComponent(id)}`);
}

const WAIT_MS_MAX = 20_000;

export function get<T>(path: string): Promise<T> {
  return ask('GET', path);
}

/** Asks the server; what it does not do, or that it cannot be reached, is an `ApiError`. */
export async function ask<T>(
  method: string,
  path: string,
  { body, signal }: { body?: object; signal?: AbortSignal } = {},
): Promise<T> {
  const inTime = AbortSignal.timeout(WAIT_MS_MAX);
  let response: Response;
  try {
    response = await fetch(path, {
      method,
      signal: signal ? AbortSignal.any([signal, inTime]) : inTime,
      headers: {
        accept: 'application/json',
        ...(body && { 'content-type': 'application/json' }),
      },
      ...(body && { body: JSON.stringify(body) }),
    });
  } catch {
    throw new ApiError(0, 'unreachable', 'The server cannot be reached. Check your connection.');
  }
  if (response.ok) return (await response.json()) as T;
  throw await problemOf(response);
}

/** What the server says that is wrong. */
export async function problemOf(response: Response): Promise<ApiError> {
  let code = 'unknown';
  let detail = `The server answered ${response.status}.`;
  try {
    const problem = (await response.json()) as { code?: unknown; detail?: unknown };
    if (typeof problem.code === 'string') code = problem.code;
    if (typeof problem.detail === 'string') detail = problem.detail;
  } catch {
    // Not a problem document: the status says what there is to say.
  }
  return new ApiError(response.status, code, detail);
}
