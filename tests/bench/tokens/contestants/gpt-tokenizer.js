import { countTokens } from 'gpt-tokenizer/encoding/o200k_base';

export function start() {
  const asText = { disallowedSpecial: new Set() };
  return { count: (text) => countTokens(text, asText) };
}
