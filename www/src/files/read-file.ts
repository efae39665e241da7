// What is in a file, told before anything of it is uploaded.
import type { Encoding } from '@kumari/credits';
import { countOnce } from '../composer/use-token-count';
import { sentence } from '../credits/words';
import { type Content, FILE_BYTES_MAX } from './content';
import { readInWorker } from './document-reader';

export type FileReading =
  | { kind: 'read'; content: Content }
  /** It cannot be sent: why, in words. */
  | { kind: 'fault'; words: string }
  /** The browser cannot tell; the server may. */
  | { kind: 'unknown' };

const UNKNOWN: FileReading = { kind: 'unknown' };
/** A browser that has not said by then how long a recording is will not say it. */
const METADATA_MS_MAX = 10_000;

export const TOO_LARGE = `Larger than ${FILE_BYTES_MAX / 1024 / 1024} MB, the most that a file may have. Attach a part of it.`;

const EMPTY = 'There is nothing in the file.';

export function readFile(
  file: File,
  name: string,
  encodings: readonly Encoding[],
): Promise<FileReading> {
  if (file.size === 0) return Promise.resolve({ kind: 'fault', words: EMPTY });
  const [kind] = file.type.split('/');
  switch (kind) {
    case 'image':
      return readPicture(file);
    case 'audio':
    case 'video':
      return readRecording(file, kind);
    default:
      return readDocument(file, name, encodings);
  }
}

/** As it is shown: turned as the camera was held, and of a moving picture the first frame. */
async function readPicture(file: File): Promise<FileReading> {
  try {
    const picture = await createImageBitmap(file);
    const { width, height } = picture;
    picture.close();
    return { kind: 'read', content: { kind: 'image', width, height } };
  } catch {
    const words = 'This picture cannot be read. Save it as PNG or JPEG and attach that.';
    return { kind: 'fault', words };
  }
}

function readRecording(file: File, kind: 'audio' | 'video'): Promise<FileReading> {
  const address = URL.createObjectURL(file);
  const player = document.createElement(kind);
  return new Promise<FileReading>((resolve) => {
    const end = (reading: FileReading) => {
      clearTimeout(timer);
      player.removeAttribute('src');
      URL.revokeObjectURL(address);
      resolve(reading);
    };
    const timer = setTimeout(() => {
      end(UNKNOWN);
    }, METADATA_MS_MAX);
    player.addEventListener('loadedmetadata', () => {
      const { duration } = player;
      // A recording that was written while it was made says nothing of its end.
      if (!Number.isFinite(duration) || duration <= 0) end(UNKNOWN);
      else end({ kind: 'read', content: { kind, seconds: Math.ceil(duration) } });
    });
    player.addEventListener('error', () => {
      end(UNKNOWN);
    });
    player.preload = 'metadata';
    player.src = address;
  });
}

async function readDocument(
  file: File,
  name: string,
  encodings: readonly Encoding[],
): Promise<FileReading> {
  const reading = await readInWorker(file, name);
  if (reading.kind === 'fault') return { kind: 'fault', words: `${sentence(reading.words)}.` };
  if (reading.kind === 'unknown') return UNKNOWN;
  const tokens = await countOnce(reading.text, encodings);
  if (!tokens) return UNKNOWN;
  const { kind: format, pages, characters, warnings } = reading.document;
  return {
    kind: 'read',
    content: { kind: 'document', format, pages, characters, tokens, warnings },
  };
}
