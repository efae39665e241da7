// Attaches files to the draft: reads each one here, so that its price is there at once, then uploads
// it. The draft says how far each is; the work itself is this page's.
import type { Encoding } from '@kumari/credits';
import { useCallback, useEffect, useLayoutEffect, useMemo, useRef, useState } from 'react';
import { useClient } from '../credits/client';
import { FILES_MAX, FILE_BYTES_MAX, sizeWords } from '../files/content';
import { fileOf, hold, isHeld, letGo } from '../files/held';
import { type FileReading, TOO_LARGE, readFile } from '../files/read-file';
import { removeUpload, upload } from '../files/upload';
import { announce } from '../ui/announce';
import type { Attaching } from './attach-button';
import { withFiles } from './choice';
import { type DraftFile, type FileChange, changed } from './draft-files';
import type { ChangeDraft, KeptDraft } from './use-draft';

export function useFiles(
  { draft, change }: KeptDraft,
  encodings: readonly Encoding[],
): {
  attaching: Attaching;
  /** Why some of what was chosen last was left out. */
  notice: string | null;
} {
  const client = useClient();
  const [notice, setNotice] = useState<string | null>(null);
  const latest = useRef(draft.files);
  useLayoutEffect(() => {
    latest.current = draft.files;
  });
  useWork(draft.files, change, encodings);

  const attaching = useMemo<Attaching>(() => {
    return {
      attach(chosen) {
        if (!client) return;
        const room = Math.max(0, FILES_MAX - latest.current.length);
        const taken = chosen.slice(0, room).map((file) => attached(client.newId(), file));
        const words = leftOutWords(chosen.length - taken.length);
        setNotice(words);
        if (taken.length > 0) change((draft) => withFiles(draft, [...draft.files, ...taken]));
      },
      remove({ file_id, isStored }) {
        setNotice(null);
        letGo(file_id);
        if (isStored) removeUpload(file_id);
        change((draft) => withFiles(draft, without(draft.files, file_id)));
      },
      retry({ file_id }) {
        change((draft) => withFiles(draft, changed(draft.files, file_id, {})));
      },
    };
  }, [change, client]);
  return { attaching, notice };
}

function without(files: readonly DraftFile[], fileId: string): DraftFile[] {
  return files.filter((file) => file.file_id !== fileId);
}

function attached(file_id: string, file: File): DraftFile {
  hold(file_id, file);
  const { type: media_type, size: bytes } = file;
  // The server trims it too.
  const name = file.name.trim() || 'file';
  const known = { file_id, name, media_type, bytes, isStored: false };
  if (bytes <= FILE_BYTES_MAX) return known;
  letGo(file_id);
  return { ...known, fault: { words: TOO_LARGE, canRetry: false } };
}

function leftOutWords(count: number): string | null {
  if (count === 0) return null;
  const files = count === 1 ? 'One file was' : `${count} files were`;
  return `${files} left out: a message has at most ${FILES_MAX}.`;
}

/** Begins what is to be done for each file, and ends it where the file or the page is gone. */
function useWork(
  files: readonly DraftFile[],
  change: ChangeDraft,
  encodings: readonly Encoding[],
): void {
  const running = useRef(new Map<string, AbortController>());
  const tell = useCallback(
    (fileId: string, how: FileChange) => {
      change((draft) => ({ ...draft, files: changed(draft.files, fileId, how) }));
    },
    [change],
  );
  useEffect(() => {
    const works = running.current;
    for (const [fileId, work] of works) {
      if (!files.some((file) => file.file_id === fileId)) {
        work.abort();
        works.delete(fileId);
      }
    }
    // Documents are counted in the encodings of the book.
    if (encodings.length === 0) return;
    for (const file of files) {
      if (file.isStored || file.fault || works.has(file.file_id) || !isHeld(file.file_id)) continue;
      const work = new AbortController();
      works.set(file.file_id, work);
      void readAndUpload(file, encodings, work.signal, tell).finally(() => {
        if (works.get(file.file_id) === work) works.delete(file.file_id);
      });
    }
  }, [encodings, files, tell]);
  useEffect(() => {
    const works = running.current;
    return () => {
      for (const work of works.values()) work.abort();
      works.clear();
    };
  }, []);
}

async function readAndUpload(
  { file_id, content, name }: DraftFile,
  encodings: readonly Encoding[],
  signal: AbortSignal,
  tell: (fileId: string, how: FileChange) => void,
): Promise<void> {
  const file = fileOf(file_id);
  if (!file) return;
  if (!content) {
    const reading = await inTurn(() => readFile(file, name, encodings));
    if (signal.aborted) return;
    if (reading.kind === 'fault') {
      announce(`${name}: ${reading.words}`);
      letGo(file_id);
      tell(file_id, { fault: { words: reading.words, canRetry: false } });
      return;
    }
    if (reading.kind === 'read') {
      announce(`${name} attached, ${sizeWords(reading.content)}.`);
      tell(file_id, { content: reading.content });
    }
  }
  const end = await upload(file_id, name, file, signal);
  if (signal.aborted) return;
  if (end.kind === 'stored') {
    tell(file_id, { ...end.view, isStored: true });
  } else {
    announce(`${name}: ${end.words}`);
    if (!end.canRetry) letGo(file_id);
    tell(file_id, { fault: { words: end.words, canRetry: end.canRetry } });
  }
}

let last: Promise<unknown> = Promise.resolve();

/** One after another: twenty large pictures at once would be more than a phone's memory. */
function inTurn(read: () => Promise<FileReading>): Promise<FileReading> {
  const next = last.then(read);
  last = next.catch(() => undefined);
  return next;
}
