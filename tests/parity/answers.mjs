// One question of the parity test, answered by the package: the same in Node and in a browser.

/** A book and what it is estimated by, as each of the two modules has it. */
export function loadBook({ credits, prepared }, { book, calibration }) {
  return {
    book: credits.loadPriceBook(book, calibration),
    preparedBook: prepared.loadPriceBook(book, calibration),
  };
}

/** Canonical estimate and verdict; estimate as objects and prepared, under the caps of the quote. */
export function answer(
  { credits, prepared },
  { book, preparedBook },
  { request, standing, quote },
) {
  const caps = quote ? JSON.parse(quote).caps : undefined;
  return [
    credits.estimateJson(book, request),
    credits.eligibilityJson(book, standing, request, quote ?? undefined),
    textOrDenied(() => credits.estimate(book, JSON.parse(request), caps)),
    textOrDenied(() => preparedPrice(prepared, preparedBook, JSON.parse(request), caps)),
  ];
}

/** As decimal strings of credits, like the estimate's own. */
function preparedPrice(module, book, { input_tokens, messages, ...request }, caps) {
  const prepared = module.prepareEstimate(book, request, caps);
  try {
    const { low, expected, high, likely } = prepared.price(input_tokens, messages);
    const range = likely ? [likely.low, likely.high] : [];
    return [low, expected, high, ...range].map(module.creditsOf);
  } finally {
    prepared.free();
  }
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
