// Files on their way to the server, each with how far it is.
import { problemOf } from '../chat/api';
import { sentence } from '../credits/words';
import { type FileView, addressOf } from './content';

export type UploadEnd =
  | { kind: 'stored'; view: FileView }
  /** Why not, in words; whether another try may help. */
  | { kind: 'failed'; words: string; canRetry: boolean };

const progress = new Map<string, number>();
const listeners = new Set<() => void>();

export function subscribeProgress(changed: () => void): () => void {
  listeners.add(changed);
  return () => {
    listeners.delete(changed);
  };
}

/** How much of a file is on the server, from 0 to 1; nothing where it is not on its way. */
export function progressOf(fileId: string): number | undefined {
  return progress.get(fileId);
}

function tell(fileId: string, part: number | undefined): void {
  if (part === undefined) progress.delete(fileId);
  else progress.set(fileId, part);
  for (const changed of listeners) changed();
}

/** Uploads a file under its id: a repeat does no harm. `fetch` would not say how far it is. */
export function upload(
  fileId: string,
  name: string,
  file: File,
  signal: AbortSignal,
): Promise<UploadEnd> {
  const request = new XMLHttpRequest();
  return new Promise<UploadEnd>((resolve) => {
    const end = (how: UploadEnd) => {
      signal.removeEventListener('abort', abort);
      tell(fileId, undefined);
      resolve(how);
    };
    const abort = () => {
      request.abort();
      end({ kind: 'failed', words: '', canRetry: true });
    };
    request.upload.onprogress = ({ loaded, total }) => {
      tell(fileId, total === 0 ? 0 : loaded / total);
    };
    request.onload = () => {
      void endOf(request).then(end);
    };
    request.onerror = () => {
      const words = 'Not uploaded: the server cannot be reached.';
      end({ kind: 'failed', words, canRetry: true });
    };
    signal.addEventListener('abort', abort);
    tell(fileId, 0);
    request.open('PUT', `${addressOf(fileId)}?name=${encodeURIComponent(name)}`);
    request.setRequestHeader('content-type', file.type || 'application/octet-stream');
    request.setRequestHeader('accept', 'application/json');
    request.send(file);
  });
}

async function endOf({ status, responseText }: XMLHttpRequest): Promise<UploadEnd> {
  if (status === 200 || status === 201) {
    return { kind: 'stored', view: JSON.parse(responseText) as FileView };
  }
  const { code, message } = await problemOf(new Response(responseText, { status }));
  // What is wrong with the file itself stays so.
  const canRetry = status !== 422 && code !== 'file_too_large';
  return { kind: 'failed', words: inSentences(message), canRetry };
}

function inSentences(message: string): string {
  return `${sentence(message)}${message.endsWith('.') ? '' : '.'}`;
}

/** Takes a file off the server again. Where that fails, the server does so by itself in a day. */
export function removeUpload(fileId: string): void {
  fetch(addressOf(fileId), { method: 'DELETE' }).catch(() => undefined);
}
