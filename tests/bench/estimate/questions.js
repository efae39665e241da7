// What everybody is asked: four models with an input that is another each time, so that nobody is
// right by remembering. Peers are told the length of the answer too, which they cannot bound.
import { randomFrom } from '../tokens/random.js';

/**
 * In US dollars for a million tokens, of input and of output, as the providers' pages say: what a
 * peer answers is held to their product.
 */
export const LIST_PRICES = {
  'gpt-6-luna': [0.1, 0.5],
  'gpt-6-astra': [10, 50],
  'claude-sonnet-5-5': [2, 10],
  'claude-opus-5-5': [4, 20],
};
export const MODELS = Object.keys(LIST_PRICES);

/** A dear tier begins above it for some models. */
const INPUT_TOKENS_MAX = 100_000;
const OUTPUT_TOKENS_MAX = 4_000;
const MESSAGES_MAX = 40;

/** `count` requests, each with the usage that peers are asked about and what they must answer. */
export function questions(count, seed) {
  const random = randomFrom(seed);
  const upTo = (most) => 1 + Math.floor(random() * most);
  return Array.from({ length: count }, () => {
    const [input, output] = [upTo(INPUT_TOKENS_MAX), upTo(OUTPUT_TOKENS_MAX)];
    return {
      request: {
        task: 'compare',
        models: MODELS,
        input_tokens: { o200k_base: input, cl100k_base: input + Math.floor(input / 50) },
        messages: upTo(MESSAGES_MAX),
        output_tokens_max: OUTPUT_TOKENS_MAX,
      },
      usage: { input_tokens: input, output_tokens: output },
      dollars: MODELS.map((model) => {
        const [inputPrice, outputPrice] = LIST_PRICES[model];
        return (input * inputPrice + output * outputPrice) / 1e6;
      }),
    };
  });
}

/** Ours, as the native engine answers it; a peer's, as the product of its list prices. */
export function check(contestant, answer, { expected, dollars }) {
  if (contestant === 'kumari') {
    const text = JSON.stringify(answer);
    if (text !== expected) throw new Error(`estimate is ${text}, not ${expected}`);
    return;
  }
  answer.forEach((price, index) => {
    if (!(Math.abs(price - dollars[index]) < 1e-9)) {
      throw new Error(`${contestant}: ${price} for ${MODELS[index]}, not ${dollars[index]}`);
    }
  });
}

/** A prepared price is the native engine's estimate, in micro-credits. */
export function checkPrepared(price, { expected }) {
  const right = JSON.parse(expected);
  for (const [name, micros] of Object.entries(price)) {
    // A credit is a million of them, and an amount in text has no more decimals.
    if (micros !== Math.round(Number(right[name]) * 1e6)) {
      throw new Error(`prepared ${name} is ${micros}, not ${right[name]} credits`);
    }
  }
}
