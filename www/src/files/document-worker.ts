// Reads documents beside the page: a large one takes its moment.
import { asSent, init, readDocument } from '@kumari/credits/documents';
import type { DocumentAnswer, DocumentOrder, DocumentReading } from './document-messages';

globalThis.onmessage = ({ data: { id, file, name } }: MessageEvent<DocumentOrder>) => {
  void read(file, name).then((reading) => {
    globalThis.postMessage({ id, ...reading } satisfies DocumentAnswer);
  });
};

async function read(file: File, name: string): Promise<DocumentReading> {
  try {
    await init();
  } catch {
    return { kind: 'unknown' };
  }
  let bytes: Uint8Array;
  try {
    bytes = new Uint8Array(await file.arrayBuffer());
  } catch {
    const words = 'it cannot be opened: it was moved or changed, or is a folder; attach it again';
    return { kind: 'fault', words };
  }
  try {
    const { text, ...document } = readDocument(bytes, { name, mediaType: file.type });
    return { kind: 'read', document, text: asSent(name, text) };
  } catch (error) {
    return { kind: 'fault', words: error instanceof Error ? error.message : String(error) };
  }
}
