// The files themselves, as long as this page has them: to read, to upload again, to show. A draft
// keeps only what is known of them.

const held = new Map<string, { file: File; address: string | null }>();

export function hold(fileId: string, file: File): void {
  held.set(fileId, { file, address: null });
}

export function fileOf(fileId: string): File | undefined {
  return held.get(fileId)?.file;
}

export function isHeld(fileId: string): boolean {
  return held.has(fileId);
}

/** An address of the file in this page; nothing where the page does not have it. */
export function addressHere(fileId: string): string | null {
  const one = held.get(fileId);
  if (!one) return null;
  one.address ??= URL.createObjectURL(one.file);
  return one.address;
}

/** Gives the memory back. */
export function letGo(fileId: string): void {
  const address = held.get(fileId)?.address;
  if (address) URL.revokeObjectURL(address);
  held.delete(fileId);
}
