// `estimate` and `eligibility` with JSON text in and canonical JSON out: the bytes that the server
// makes (R11). What the modules hand over has its fields in that order, so it only has to be written.
import { jsonOfDenial } from './boundary.js';
import type { Eligibility, Estimate, Quote, Request, Standing } from './types/engine.js';

/** The module reads a text where it would read an object. */
type Text<T> = T & string;

/** As `estimate`; a denial is the answer `{"denial": …}` here, so that it can be compared too. */
export function estimateJsonBy<Book>(
  estimate: (book: Book, request: Request) => Estimate,
): (book: Book, request: string) => string {
  return (book, request) => {
    try {
      return JSON.stringify(estimate(book, request as Text<Request>));
    } catch (error) {
      const denial = jsonOfDenial(error);
      if (denial === undefined) throw error;
      return `{"denial":${denial}}`;
    }
  };
}

/** As `eligibility`. */
export function eligibilityJsonBy<Book>(
  eligibility: (book: Book, standing: Standing, request: Request, quote?: Quote) => Eligibility,
): (book: Book, standing: string, request: string, quote?: string) => string {
  return (book, standing, request, quote) =>
    JSON.stringify(
      eligibility(
        book,
        standing as Text<Standing>,
        request as Text<Request>,
        quote as Text<Quote> | undefined,
      ),
    );
}
