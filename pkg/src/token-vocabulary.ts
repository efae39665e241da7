// Fetches a vocabulary, from a server that compresses it on the way or from a host that knows
// nothing of it.

import { readHere } from './boot.js';

/** What every file of gzip begins with. */
const GZIP = [0x1f, 0x8b] as const;

/** The bytes of a vocabulary. A file of gzip is unpacked, where the host has not done it. */
export async function fetchVocabulary(address: string): Promise<Uint8Array<ArrayBuffer>> {
  const bytes = readHere(new URL(address)) ?? (await download(address));
  if (!GZIP.every((byte, index) => bytes[index] === byte)) return bytes;
  const unpacked = new Blob([bytes]).stream().pipeThrough(new DecompressionStream('gzip'));
  return new Uint8Array(await new Response(unpacked).arrayBuffer());
}

async function download(address: string): Promise<Uint8Array<ArrayBuffer>> {
  const response = await fetch(address);
  if (!response.ok) throw new Error(`${address} answered ${response.status}`);
  return new Uint8Array(await response.arrayBuffer());
}
