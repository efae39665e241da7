// The client: one state for a page, kept in line with the server, and the rules in the same
// module. Call `init` once, before anything else.
import { initOnce } from './boot.js';
import { eligibilityJsonBy, estimateJsonBy } from './json-functions.js';
import start, { eligibility, estimate } from './client.js';

export type { WasmSource } from './boot.js';
export { format } from './format.js';
export type * from './types/client.js';
export type * from './types/engine.js';
export type * from './types/errors.js';
export {
  CreditsClient,
  PriceBookHandle,
  eligibility,
  estimate,
  flags,
  loadPriceBook,
  replay,
  rulesVersion,
} from './client.js';

/** As `estimate`, JSON in and canonical JSON out; a denial is the answer `{"denial": …}`. */
export const estimateJson = estimateJsonBy(estimate);
/** As `eligibility`, JSON in and canonical JSON out. */
export const eligibilityJson = eligibilityJsonBy(eligibility);

/** Loads client and rules. `source` says where from, if not from the file beside this script. */
export const init = initOnce(start, new URL('./client_bg.wasm', import.meta.url));
