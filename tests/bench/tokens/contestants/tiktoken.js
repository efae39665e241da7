// The form for browsers, which loads its module itself; in Node the same code reads it from disk.
import { Tiktoken, init } from 'tiktoken/lite/init';
import ranks from 'tiktoken/encoders/o200k_base.json' with { type: 'json' };

export async function start(read) {
  const module = await read('tiktoken.wasm');
  await init((imports) => WebAssembly.instantiate(module, imports));
  const encoder = new Tiktoken(ranks.bpe_ranks, ranks.special_tokens, ranks.pat_str);
  return { count: (text) => encoder.encode_ordinary(text).length };
}
