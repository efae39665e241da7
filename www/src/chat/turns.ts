// A conversation as turns: what was asked, and the answer of each model.
import type { ActionStep, ActionView, LegStatus, LegView } from '@kumari/credits/client';
import type { Attachment, Task } from '@kumari/credits';
import { type Tokens, plus } from '../credits/tokens';
import { type FileView, attachmentBytesOf, countsOf } from '../files/content';
import type { MadeFile, MadeLeg, Message } from './api';

export interface Answer {
  leg: number;
  model: string;
  status: LegStatus;
  text: string;
  /** What the model did on its way. */
  steps: readonly ActionStep[];
  /** What it costs so far and at most, while it runs and where that is told. */
  cost?: { soFar: string; atMost: string };
  charge?: string;
  tokens: Tokens;
  /** What it made. */
  files: readonly MadeFile[];
  /** How far its job has come. */
  percent?: number | undefined;
}

export interface Turn {
  actionId: string;
  text: string;
  files: readonly FileView[];
  createdAt: string;
  tokens: Tokens;
  answers: Answer[];
  /** What kind of action it was, where this page sent it. */
  task?: Task;
}

/** The turn of a message that has no answer yet. */
export function unsentTurn({
  actionId,
  text,
  files,
}: Pick<Turn, 'actionId' | 'text' | 'files'>): Turn {
  return { actionId, text, files, createdAt: new Date().toISOString(), tokens: {}, answers: [] };
}

/** Groups a conversation's messages by the action that they belong to. */
export function turnsOf(messages: readonly Message[]): Turn[] {
  const turns = new Map<string, Turn>();
  for (const message of messages) {
    const turn = turns.get(message.action_id) ?? emptyTurn(message);
    turns.set(message.action_id, turn);
    if (message.role === 'user') {
      turn.text = message.text;
      turn.tokens = message.tokens;
      turn.files = (message.files ?? []) as FileView[];
    } else {
      turn.answers.push(answerOf(message));
    }
  }
  for (const turn of turns.values()) turn.answers.sort((a, b) => a.leg - b.leg);
  return [...turns.values()];
}

/** A turn with what an action's view says of it. */
export function turnWith(turn: Turn, action: ActionView): Turn {
  const tokensOf = (leg: number) => turn.answers.find((one) => one.leg === leg)?.tokens ?? {};
  const answers = action.legs.map((leg: LegView & MadeLeg) => ({
    leg: leg.leg,
    model: leg.model,
    status: leg.status,
    text: leg.text,
    steps: leg.steps ?? [],
    tokens: tokensOf(leg.leg),
    files: leg.files ?? [],
    percent: leg.percent,
    ...(leg.charge === undefined ? {} : { charge: leg.charge }),
  }));
  return { ...turn, answers, task: action.task };
}

export function isRunning(turn: Turn): boolean {
  return turn.answers.some((answer) => answer.status === 'running');
}

/** What is sent before the next message: the server builds the same history. */
export interface History {
  messages: number;
  tokens: Tokens;
  attachments: readonly Attachment[];
  /** Of the attachments, all together. */
  attachmentBytes: number;
}

/** Every earlier message, its files too, with the first ended answer to it that has text. */
export function historyOf(turns: readonly Turn[]): History {
  let tokens: Tokens = {};
  let messages = 0;
  const attachments: Attachment[] = [];
  let attachmentBytes = 0;
  const add = (some: Tokens) => {
    messages += 1;
    tokens = plus(tokens, some);
  };
  for (const turn of turns) {
    const files = countsOf(turn.files.map(({ content }) => content));
    add(plus(turn.tokens, files.tokens));
    attachments.push(...files.attachments);
    attachmentBytes += attachmentBytesOf(turn.files);
    const answer = turn.answers.find((one) => one.status !== 'running' && one.text !== '');
    if (answer) add(answer.tokens);
  }
  return { messages, tokens, attachments, attachmentBytes };
}

function emptyTurn(message: Message): Turn {
  return {
    actionId: message.action_id,
    text: '',
    files: [],
    createdAt: message.created_at,
    tokens: {},
    answers: [],
  };
}

function answerOf(message: Message): Answer {
  return {
    leg: message.leg ?? 0,
    model: message.model ?? '',
    status: message.status === 'sent' ? 'completed' : message.status,
    text: message.text,
    steps: message.steps ?? [],
    tokens: message.tokens,
    files: (message.files ?? []) as MadeFile[],
    ...(message.charge === undefined ? {} : { charge: message.charge }),
  };
}
