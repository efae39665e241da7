// One calculator with all questions, in a Node or a page of its own.
import { microsecondsPerCall } from './measure.js';
import { check } from './questions.js';

/** Its answers are right, before and after they were timed; how long one takes. */
export async function measure(contestant, start, { book, questions, budgetMs }) {
  const { estimate } = await start(book);
  const checkAll = () => {
    for (const question of questions) check(contestant, estimate(question), question);
  };
  checkAll();
  const figures = { estimate_us: microsecondsPerCall(estimate, questions, budgetMs) };
  checkAll();
  return figures;
}
