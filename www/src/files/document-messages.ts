// What page and worker say to each other of documents.
import type { ReadDocument } from '@kumari/credits/documents';

export interface DocumentOrder {
  id: number;
  file: File;
  name: string;
}

export type DocumentAnswer = { id: number } & DocumentReading;

export type DocumentReading =
  | {
      kind: 'read';
      document: Omit<ReadDocument, 'text'>;
      /** The document as a model is shown it. */
      text: string;
    }
  /** It is none that can be read: why, in words. */
  | { kind: 'fault'; words: string }
  /** This page cannot read documents now. */
  | { kind: 'unknown' };
