// Pages and text of a file that somebody attaches. Call `init` once, before anything else, and only
// when there is a file: nothing else needs this module.
import { initOnce } from './boot.js';
import start, {
  documentAsSent as asSentHere,
  harmlessName as harmlessNameHere,
  readDocument as read,
} from './documents.js';

export type { WasmSource } from './boot.js';
export type { CreditsError } from './types/errors.js';

/** What is known of a file beside its bytes, which have the last word. */
export interface DocumentOptions {
  /** Its name: `.csv` tells a table from a text. */
  name?: string;
  /** Its media type: `text/csv` does so too. */
  mediaType?: string;
}

/** A file that was read. */
export interface ReadDocument {
  kind: 'pdf' | 'docx' | 'txt' | 'csv';
  /** A PDF's own pages, else each started 3 000 characters; 0 where there is no text. */
  pages: number;
  /** Unicode scalar values of the text. */
  characters: number;
  text: string;
  /** `no_text`: the pages were probably scanned; `text_incomplete`: parts could not be read. */
  warnings: ('no_text' | 'text_incomplete')[];
}

/** Loads the reader. `source` says where from, if not from the file beside this script. */
export const init = initOnce(start, new URL('./documents_bg.wasm', import.meta.url));

/**
 * Reads a PDF, DOCX, TXT or CSV file as the server does. It takes its moment where it is called: in
 * a page, call it in a worker. Throws a `CreditsError` where the file cannot be read.
 */
export function readDocument(bytes: Uint8Array, options: DocumentOptions = {}): ReadDocument {
  return read(bytes, options.name, options.mediaType) as ReadDocument;
}

/**
 * A document as a model is shown it, `File: NAME`, an empty line and its text. The tokens of exactly
 * this string, counted by itself, are what the server counts; the name is made harmless here.
 */
export function asSent(name: string, text: string): string {
  return asSentHere(name, text);
}

/**
 * A file's name as the server keeps it: control characters and line breaks are spaces, and of more
 * than 200 characters the first 200 are kept.
 */
export function harmlessName(name: string): string {
  return harmlessNameHere(name);
}
