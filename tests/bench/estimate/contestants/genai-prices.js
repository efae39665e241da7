// Four calls, one for each model: there are no comparisons, and no bounds of an answer.
import { calcPrice } from '@pydantic/genai-prices';
import { MODELS } from '../questions.js';

export function start() {
  const price = (usage) => MODELS.map((model) => calcPrice(usage, model).total_price);
  return { estimate: ({ usage }) => price(usage) };
}
