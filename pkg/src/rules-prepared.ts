// The rules with prepared prices: for those who price while somebody types, at 3 KB more. Load it in
// place of the plain rules: each has a module of its own. Call `init` once, before anything else.
import { initOnce } from './boot.js';
import { eligibilityJsonBy, estimateJsonBy } from './json-functions.js';
import start, { eligibility, estimate, prepareHandle } from './prepared.js';
import { preparer } from './prepared-estimate.js';

export type { WasmSource } from './boot.js';
export { format } from './format.js';
export {
  type PreparedEstimate,
  type PriceInMicros,
  type RequestTemplate,
  creditsOf,
} from './prepared-estimate.js';
export type * from './types/engine.js';
export type * from './types/errors.js';
export {
  PriceBookHandle,
  eligibility,
  estimate,
  flags,
  loadPriceBook,
  replay,
  rulesVersion,
} from './prepared.js';

/** As `estimate`, JSON in and canonical JSON out; a denial is the answer `{"denial": …}`. */
export const estimateJson = estimateJsonBy(estimate);
/** As `eligibility`, JSON in and canonical JSON out. */
export const eligibilityJson = eligibilityJsonBy(eligibility);

/** Loads the rules. `source` says where from, if not from the file beside this script. */
export const init = initOnce(start, new URL('./prepared_bg.wasm', import.meta.url));

/**
 * Prepares the price of a request whose counts change with each letter: `price` of what it returns
 * takes them, and is a hundred times as fast as `estimate`. Throws what `estimate` would throw
 * whatever the counts are.
 */
export const prepareEstimate = preparer(prepareHandle, estimate);
