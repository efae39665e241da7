// Chance that is the same in every run.

/** A word of `length` letters without an end: what a merge in quadratic time breaks on. */
export function run(length, random) {
  let text = '';
  while (text.length < length) text += String.fromCharCode(97 + Math.floor(random() * 26));
  return text;
}

/** The same numbers for the same seed: a linear congruential generator, of Numerical Recipes. */
export function randomFrom(seed) {
  let state = seed >>> 0;
  return () => {
    state = (Math.imul(state, 1664525) + 1013904223) >>> 0;
    return state / 2 ** 32;
  };
}
