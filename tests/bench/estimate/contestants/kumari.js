// Ours: what is asked is one comparison of four models, and the answer is the whole estimate; or,
// prepared, its low, expected and high price.
import { estimate, init, loadPriceBook, prepareEstimate } from '@kumari/credits/prepared';

export async function start(book) {
  await init();
  const handle = loadPriceBook(book);
  return {
    estimate: ({ request }) => estimate(handle, request),
    /** For questions that differ in nothing but their counts. */
    prepare({ request: { task, models, output_tokens_max } }) {
      const prepared = prepareEstimate(handle, { task, models, output_tokens_max });
      return ({ request }) => prepared.price(request.input_tokens, request.messages);
    },
  };
}
