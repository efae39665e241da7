// Token counting where it is called: no worker, no address, and a long text takes its moment. Call
// `init` once, before anything else, and bring the bytes of a vocabulary.
import { initOnce } from './boot.js';
import start from './tokens.js';

export type { WasmSource } from './boot.js';
export type { CreditsError } from './types/errors.js';
export { warmUp } from './token-warm-up.js';
export { TokenDocument, Vocabulary } from './tokens.js';

/** Loads the counter. `source` says where from, if not from the file beside this script. */
export const init = initOnce(start, new URL('./tokens_bg.wasm', import.meta.url));
