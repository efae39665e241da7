// The client: one state for a page, kept in line with the server, and the rules in the same
// module. Call `init` once, before anything else.
import { initOnce } from './boot.js';
import start from './client.js';

export type { WasmSource } from './boot.js';
export { format } from './format.js';
export type * from './types/client.js';
export type * from './types/engine.js';
export type * from './types/errors.js';
export {
  CreditsClient,
  PriceBookHandle,
  eligibility,
  eligibilityJson,
  estimate,
  estimateJson,
  flags,
  loadPriceBook,
  replay,
  rulesVersion,
} from './client.js';

/** Loads client and rules. `source` says where from, if not from the file beside this script. */
export const init = initOnce(start, new URL('./client_bg.wasm', import.meta.url));
