// The files of a draft, from when they were chosen until they are sent.
import { type Mode, kindOf } from '../credits/words';
import {
  ATTACHMENT_BYTES_MAX,
  type Content,
  type FileView,
  attachmentBytesOf,
  countsOf,
} from '../files/content';
import { isHeld } from '../files/held';

/** A file that somebody attached. */
export interface DraftFile extends Omit<FileView, 'content'> {
  /** What is in it, as it was read here; as the server read it once that has it. */
  content?: Content;
  /** The server has it. */
  isStored: boolean;
  fault?: FileFault;
}

/** Why a file is not as it should be. */
export interface FileFault {
  words: string;
  /** It may be uploaded yet. Where it may not, the file is left out of the message. */
  canRetry: boolean;
}

/** What became of a file. */
export type FileChange = Partial<Omit<DraftFile, 'file_id' | 'fault'>> & { fault?: FileFault };

const LOST: FileFault = {
  words: 'Not uploaded before the page was left. Attach it again.',
  canRetry: false,
};

/** The files with one that is as `change` says; what was wrong before is over. */
export function changed(
  files: readonly DraftFile[],
  fileId: string,
  change: FileChange,
): readonly DraftFile[] {
  return files.map((file) => {
    if (file.file_id !== fileId) return file;
    const { fault: _fault, ...rest } = file;
    return { ...rest, ...change };
  });
}

/** A file as the draft has it that the server has. */
export function asStored(view: FileView): DraftFile {
  return { ...view, isStored: true };
}

/** A file as a page finds it that an earlier visit left. */
export function asLeft(file: DraftFile): DraftFile {
  const isLost = !file.isStored && !isHeld(file.file_id) && file.fault?.canRetry !== false;
  return isLost ? { ...file, fault: LOST } : file;
}

/** The files that are part of the message: all but those that cannot be. */
export function partOf(files: readonly DraftFile[]): readonly DraftFile[] {
  return files.filter(({ fault }) => fault?.canRetry !== false);
}

/** The files that are sent, as the server has them. */
export function viewsOf(files: readonly DraftFile[]): FileView[] {
  return files.flatMap(({ isStored, fault: _fault, content, ...file }) =>
    isStored && content ? [{ ...file, content }] : [],
  );
}

/** What Send waits for. */
export interface Wait {
  words: string;
  /** It passes by itself. */
  isPassing: boolean;
}

/**
 * What Send waits for; nothing where all files are there. Earlier messages' attachments have
 * `earlier` bytes.
 */
export function waitsFor(files: readonly DraftFile[], earlier: number, mode?: Mode): Wait | null {
  for (const { name, content, fault, isStored } of partOf(files)) {
    if (fault) return waits(`${name} was not uploaded. Try again, or remove it.`, false);
    if (!content) return waits(`${name} is still being read.`, true);
    if (!isStored) return waits(`${name} is still being uploaded.`, true);
  }
  if (mode !== undefined && kindOf(mode) !== 'text') {
    return files.length === 0 ? null : waits('Nothing goes along here: remove the files.', false);
  }
  const { pages } = countsOf(partOf(files).flatMap(({ content }) => content ?? []));
  if (mode === 'file_processing' && pages === 0) {
    return waits('File mode reads documents: attach one that has text.', false);
  }
  const attached = attachmentBytesOf(partOf(files));
  if (attached === 0 || earlier + attached <= ATTACHMENT_BYTES_MAX) return null;
  const most = `${ATTACHMENT_BYTES_MAX / 1024 / 1024} MB`;
  return waits(
    earlier === 0
      ? `Pictures, recordings and clips may have ${most} together. Remove some, or attach smaller ones.`
      : `Pictures, recordings and clips of a conversation may have ${most} together. Remove some, or begin a new one.`,
    false,
  );
}

function waits(words: string, isPassing: boolean): Wait {
  return { words, isPassing };
}

export function isDraftFile(kept: unknown): kept is DraftFile {
  const { isStored, content, fault } = Object(kept) as Record<string, unknown>;
  return (
    isNamed(kept) &&
    typeof isStored === 'boolean' &&
    (content === undefined || isContent(content)) &&
    (fault === undefined || typeof fault === 'object')
  );
}

export function isView(kept: unknown): kept is FileView {
  return isNamed(kept) && isContent((kept as Record<string, unknown>)['content']);
}

function isNamed(kept: unknown): boolean {
  const { file_id, name, bytes } = Object(kept) as Record<string, unknown>;
  return typeof file_id === 'string' && typeof name === 'string' && typeof bytes === 'number';
}

function isContent(kept: unknown): boolean {
  return typeof kept === 'object' && kept !== null && 'kind' in kept;
}
