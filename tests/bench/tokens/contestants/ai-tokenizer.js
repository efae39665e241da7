import Tokenizer from 'ai-tokenizer';
import * as encoding from 'ai-tokenizer/encoding/o200k_base';

export function start() {
  const tokenizer = new Tokenizer(encoding);
  return { count: (text) => tokenizer.count(text) };
}
