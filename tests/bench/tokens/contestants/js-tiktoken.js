import { Tiktoken } from 'js-tiktoken/lite';
import ranks from 'js-tiktoken/ranks/o200k_base';

export function start() {
  const encoder = new Tiktoken(ranks);
  return { count: (text) => encoder.encode(text, [], []).length };
}
