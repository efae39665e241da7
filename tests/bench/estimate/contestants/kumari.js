// Ours: what is asked is one comparison of four models, and the answer is the whole estimate.
import { estimate, init, loadPriceBook } from '@kumari/credits';

export async function start(book) {
  await init();
  const handle = loadPriceBook(book);
  return { estimate: ({ request }) => estimate(handle, request) };
}
