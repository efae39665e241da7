// What is sent to a model, put together of its parts: as the counts of a request, and as what a
// person is told of them.
import type { Encoding, Request, TokenKind } from './types/engine.js';

/** How many tokens a text has, by what was counted of it. */
type Tokens = Partial<Record<TokenKind, number>>;

/** The parts of an input, each as it was counted. Attachments count by themselves. */
export interface InputParts {
  /** The system prompt. */
  system?: Tokens;
  /** The definitions of all tools, as they are sent, and how many there are. */
  tools?: { tokens: Tokens; count: number };
  /** The earlier messages, and how many there are. */
  conversation?: { tokens: Tokens; messages: number };
  /** The new message. */
  draft: Tokens;
}

/** How many tokens each part has, counted in one encoding, and all of them together. */
export interface InputShares {
  system: number;
  tools: number;
  conversation: number;
  draft: number;
  all: number;
}

/**
 * The input of a request that has all of these parts. An encoding in which one of them was not counted
 * is left out, for its sum would be too few.
 */
export function inputOf(parts: InputParts): Pick<Request, 'input_tokens' | 'messages' | 'tools'> {
  const { system, tools, conversation, draft } = parts;
  const texts = [system, tools?.tokens, conversation?.tokens, draft].filter((text) => !!text);
  const input_tokens: Tokens = {};
  for (const encoding of Object.keys(draft).filter(isEncoding)) {
    const latin = `${encoding}_latin` as const;
    if (texts.some((text) => text[encoding] === undefined)) continue;
    input_tokens[encoding] = sum(texts, encoding);
    // What is not said to be of Latin words is not.
    if (texts.some((text) => text[latin] !== undefined)) input_tokens[latin] = sum(texts, latin);
  }
  const messages = (system ? 1 : 0) + (conversation?.messages ?? 0) + 1;
  return { input_tokens, messages, ...(tools ? { tools: tools.count } : undefined) };
}

/** What of the input is what, for a person: "3 200 tokens, of which 900 are the system prompt". */
export function sharesOf(parts: InputParts, encoding: Encoding): InputShares {
  const of = (text: Tokens | undefined) => text?.[encoding] ?? 0;
  const shares = {
    system: of(parts.system),
    tools: of(parts.tools?.tokens),
    conversation: of(parts.conversation?.tokens),
    draft: of(parts.draft),
  };
  return { ...shares, all: Object.values(shares).reduce((all, share) => all + share, 0) };
}

function isEncoding(kind: string): kind is Encoding {
  return !kind.endsWith('_latin');
}

function sum(texts: readonly Tokens[], kind: TokenKind): number {
  return texts.reduce((all, text) => all + (text[kind] ?? 0), 0);
}
