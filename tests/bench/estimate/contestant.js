// One calculator with all questions, in a Node or a page of its own.
import { microsecondsPerCall } from './measure.js';
import { check, checkPrepared } from './questions.js';

/** Its answers are right, before and after they were timed; how long one takes. */
export async function measure(contestant, start, { book, questions, budgetMs }) {
  const { estimate, prepare } = await start(book);
  const price = prepare?.(questions[0]);
  const checkAll = () => {
    for (const question of questions) {
      check(contestant, estimate(question), question);
      if (price) checkPrepared(price(question), question);
    }
  };
  checkAll();
  const figures = { estimate_us: microsecondsPerCall(estimate, questions, budgetMs) };
  if (price) figures.prepared_us = microsecondsPerCall(price, questions, budgetMs);
  checkAll();
  return figures;
}
