// The rules: pure functions over a price book. Call `init` once, before anything else.
import { initOnce } from './boot.js';
import { eligibilityJsonBy, estimateJsonBy } from './json-functions.js';
import start, { eligibility, estimate } from './rules.js';

export type { WasmSource } from './boot.js';
export { format } from './format.js';
export { type InputParts, type InputShares, inputOf, sharesOf } from './request-input.js';
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
} from './rules.js';

/** As `estimate`, JSON in and canonical JSON out; a denial is the answer `{"denial": …}`. */
export const estimateJson = estimateJsonBy(estimate);
/** As `eligibility`, JSON in and canonical JSON out. */
export const eligibilityJson = eligibilityJsonBy(eligibility);

/** Loads the rules. `source` says where from, if not from the file beside this script. */
export const init = initOnce(start, new URL('./rules_bg.wasm', import.meta.url));
