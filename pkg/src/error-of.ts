// The errors that everything here throws.

/** An error as all that are thrown: `code` is the contract, `path` names the field at fault. */
export function errorOf(code: string, path: string, message: string): Error {
  return Object.assign(new Error(message), { name: 'CreditsError', code, path });
}
