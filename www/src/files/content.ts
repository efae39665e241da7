// What is known of a file: enough to say what it costs, and to say what it is.
import type { Attachment } from '@kumari/credits';
import { type Tokens, plus } from '../credits/tokens';

export const FILES_MAX = 20;
export const FILE_BYTES_MAX = 20 * 1024 * 1024;
/** Of all pictures, recordings and clips of a conversation. */
export const ATTACHMENT_BYTES_MAX = 32 * 1024 * 1024;

/** What is in a file, as the server reads it. */
export type Content = DocumentContent | Attachment;

export interface DocumentContent {
  kind: 'document';
  format: 'pdf' | 'docx' | 'txt' | 'csv';
  pages: number;
  characters: number;
  /** Of the document as a model is shown it. */
  tokens: Tokens;
  warnings: string[];
}

/** A file that the server has. */
export interface FileView<C = Content> {
  file_id: string;
  name: string;
  media_type: string;
  bytes: number;
  content: C;
}

/** What files add to a request. */
export interface FileCounts {
  /** Pictures, recordings and clips, in their order. */
  attachments: Attachment[];
  /** Of the documents. */
  tokens: Tokens;
  /** Of the documents that have a text. */
  pages: number;
}

export const NO_COUNTS: FileCounts = { attachments: [], tokens: {}, pages: 0 };

/** How many bytes of files a model is given as they are. */
export function attachmentBytesOf(files: readonly { bytes: number; content?: Content }[]): number {
  const attachments = files.filter(({ content }) => content && content.kind !== 'document');
  return attachments.reduce((sum, { bytes }) => sum + bytes, 0);
}

export function countsOf(contents: readonly Content[]): FileCounts {
  let counts = NO_COUNTS;
  for (const content of contents) {
    counts =
      content.kind === 'document'
        ? {
            ...counts,
            tokens: plus(counts.tokens, content.tokens),
            pages: counts.pages + (content.characters > 0 ? content.pages : 0),
          }
        : { ...counts, attachments: [...counts.attachments, content] };
  }
  return counts;
}

/** Where the server has a file. */
export function addressOf(fileId: string): string {
  return `/api/files/${encodeURIComponent(fileId)}`;
}

/** How much there is in a file: "3 pages", "1,024 × 768", "0:42". */
export function sizeWords(content: Content): string {
  switch (content.kind) {
    case 'document':
      if (content.pages === 0) return 'no text';
      return `${content.pages.toLocaleString()} ${content.pages === 1 ? 'page' : 'pages'}`;
    case 'image':
      return `${content.width.toLocaleString()} × ${content.height.toLocaleString()}`;
    case 'audio':
    case 'video':
      return timeWords(content.seconds);
  }
}

/** "0:42", "61:05" as "1:01:05". */
function timeWords(seconds: number): string {
  const two = (part: number) => String(part).padStart(2, '0');
  const [minutes, hours] = [Math.floor(seconds / 60) % 60, Math.floor(seconds / 3600)];
  return hours === 0
    ? `${minutes}:${two(seconds % 60)}`
    : `${hours}:${two(minutes)}:${two(seconds % 60)}`;
}

/** What a model is not shown of a document; nothing where it is shown all. */
export function warningWords(content: Content): string | null {
  if (content.kind !== 'document') return null;
  if (content.warnings.includes('no_text')) return 'No text in it: its pages may be scanned.';
  if (content.warnings.includes('text_incomplete')) return 'Parts of its text could not be read.';
  return null;
}

/** How many bytes, in words: "640 KB", "1.4 MB". */
export function bytesWords(bytes: number): string {
  const digits = { maximumFractionDigits: 1 };
  if (bytes < 1_000) return `${bytes} bytes`;
  if (bytes < 999_500) return `${Math.round(bytes / 1_000).toLocaleString()} KB`;
  return `${(bytes / 1_000_000).toLocaleString(undefined, digits)} MB`;
}
