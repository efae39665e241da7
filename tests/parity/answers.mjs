// One question of the parity test, answered by the package: the same in Node and in a browser.

/** Canonical estimate and verdict; and the estimate as objects, under the caps of the quote. */
export function answer(credits, book, { request, standing, quote }) {
  const caps = quote ? JSON.parse(quote).caps : undefined;
  return [
    credits.estimateJson(book, request),
    credits.eligibilityJson(book, standing, request, quote ?? undefined),
    textOrDenied(() => credits.estimate(book, JSON.parse(request), caps)),
  ];
}

/** What is made, with its keys in their order; nothing where it is denied. */
function textOrDenied(make) {
  try {
    return JSON.stringify(make());
  } catch (error) {
    if (!Array.isArray(error.remedies)) throw error;
    return null;
  }
}
