// Loads a WebAssembly module once, wherever this runs: a page, a worker, a bundle, Node.

/** Where a module's bytes come from, if not from the file beside the script. */
export type WasmSource = RequestInfo | URL | Response | BufferSource | WebAssembly.Module;

type Start = (options: { module_or_path: WasmSource }) => Promise<unknown>;

interface NodeProcess {
  getBuiltinModule?(name: 'node:fs'): { readFileSync(file: URL): Uint8Array<ArrayBuffer> };
}

/**
 * The `init` of a module whose file lies at `file`. It may be called any number of times; the
 * module is loaded once, and tried again after a failure.
 */
export function initOnce(start: Start, file: URL): (source?: WasmSource) => Promise<void> {
  let started: Promise<unknown> | undefined;
  return async (source) => {
    started ??= start({ module_or_path: source ?? bytesOrUrl(file) });
    try {
      await started;
    } catch (error) {
      started = undefined;
      throw error;
    }
  };
}

function bytesOrUrl(file: URL): WasmSource {
  return readHere(file) ?? file;
}

/**
 * The bytes of a file on disk; nothing for other addresses. Node's fetch does not read files. Asked
 * of `process`, so that no bundler looks for `node:fs`.
 */
export function readHere(file: URL): Uint8Array<ArrayBuffer> | null {
  const { process } = globalThis as { process?: NodeProcess };
  if (file.protocol !== 'file:' || !process?.getBuiltinModule) return null;
  return process.getBuiltinModule('node:fs').readFileSync(file);
}
