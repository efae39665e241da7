// How long a call takes once it is warm: whole rounds of questions, none remembered from the last.
import { median } from '../tokens/measure.js';

/** A round shorter than this says more of the clock than of the work. */
const ROUND_MS_MIN = 5;

/** The median of rounds, each of all `cases` as often as the clock needs, in µs for a call. */
export function microsecondsPerCall(work, cases, budgetMs) {
  const times = Math.max(1, Math.ceil(ROUND_MS_MIN / Math.max(0.1, warmUp(work, cases, budgetMs))));
  const rounds = [];
  const until = performance.now() + budgetMs;
  while (rounds.length < 3 || performance.now() < until) {
    const began = performance.now();
    for (let time = 0; time < times; time += 1) round(work, cases);
    rounds.push(((performance.now() - began) * 1e3) / (times * cases.length));
  }
  return median(rounds);
}

/** How long the last of some rounds took, in ms. */
function warmUp(work, cases, budgetMs) {
  const until = performance.now() + budgetMs;
  let last;
  do {
    const began = performance.now();
    round(work, cases);
    last = performance.now() - began;
  } while (performance.now() < until);
  return last;
}

// What came of it goes somewhere, or an engine that sees through the call would leave it out.
let sink;
function round(work, cases) {
  for (const one of cases) sink = work(one);
  return sink;
}
