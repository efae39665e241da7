// The files of a draft, from when they were chosen until they are sent.
import type { Content, FileView } from '../files/content';
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

/** What Send waits for, in words; nothing where all are there. */
export function waitsFor(files: readonly DraftFile[]): string | null {
  for (const { name, content, fault, isStored } of partOf(files)) {
    if (fault) return `${name} was not uploaded. Try again, or remove it.`;
    if (!content) return `${name} is still being read.`;
    if (!isStored) return `${name} is still being uploaded.`;
  }
  return null;
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
