// The page's end of the worker that reads documents. It is started with the first of them.
import type { DocumentAnswer, DocumentOrder, DocumentReading } from './document-messages';

const UNKNOWN: DocumentReading = { kind: 'unknown' };

let worker: Worker | null = null;
let orders = 0;
const waiting = new Map<number, (reading: DocumentReading) => void>();

/** Reads a document. Where the worker cannot be had, the server's reading has to do. */
export function readInWorker(file: File, name: string): Promise<DocumentReading> {
  worker ??= startWorker();
  orders += 1;
  const order: DocumentOrder = { id: orders, file, name };
  worker.postMessage(order);
  return new Promise((resolve) => waiting.set(order.id, resolve));
}

function startWorker(): Worker {
  const started = new Worker(new URL('./document-worker.ts', import.meta.url), { type: 'module' });
  started.onmessage = ({ data: { id, ...reading } }: MessageEvent<DocumentAnswer>) => {
    waiting.get(id)?.(reading);
    waiting.delete(id);
  };
  started.onerror = (event) => {
    event.preventDefault();
    started.terminate();
    worker = null;
    for (const resolve of waiting.values()) resolve(UNKNOWN);
    waiting.clear();
  };
  return started;
}
