// Files as a person would attach them, made for a test.
import { readFile } from 'node:fs/promises';
import { crc32, deflateSync } from 'node:zlib';

const PAPERS = new URL('../../src/documents/tests/fixtures/', import.meta.url);

/** A grey picture of so many pixels. */
export function png(width, height, name = 'picture.png') {
  const chunk = (kind, data) => {
    const body = Buffer.concat([Buffer.from(kind), data]);
    const [length, sum] = [Buffer.alloc(4), Buffer.alloc(4)];
    length.writeUInt32BE(data.length);
    sum.writeUInt32BE(crc32(body));
    return Buffer.concat([length, body, sum]);
  };
  const head = Buffer.alloc(13);
  head.writeUInt32BE(width, 0);
  head.writeUInt32BE(height, 4);
  // Eight bits of grey.
  head[8] = 8;
  const rows = Buffer.alloc((width + 1) * height, 120);
  for (let row = 0; row < height; row += 1) rows[row * (width + 1)] = 0;
  const buffer = Buffer.concat([
    Buffer.from('\x89PNG\r\n\x1a\n', 'latin1'),
    chunk('IHDR', head),
    chunk('IDAT', deflateSync(rows)),
    chunk('IEND', Buffer.alloc(0)),
  ]);
  return { name, mimeType: 'image/png', buffer };
}

/** A photograph of 40 × 20 pixels that says it was taken with the camera on its side. */
export async function turnedJpeg(page) {
  const bytes = await page.evaluate(async () => {
    const canvas = new OffscreenCanvas(40, 20);
    canvas.getContext('2d').fillRect(0, 0, 40, 20);
    const jpeg = await canvas.convertToBlob({ type: 'image/jpeg' });
    return [...new Uint8Array(await jpeg.arrayBuffer())];
  });
  // One entry, big-endian: the orientation (0x0112), a short, one of it, 6.
  const exif = Buffer.from('4d4d002a00000008000101120003000000010006000000000000', 'hex');
  const body = Buffer.concat([Buffer.from('Exif\0\0', 'latin1'), exif]);
  const head = Buffer.from([0xff, 0xe1, 0, body.length + 2]);
  const buffer = Buffer.concat([
    Buffer.from(bytes.slice(0, 2)),
    head,
    body,
    Buffer.from(bytes.slice(2)),
  ]);
  return { name: 'turned.jpg', mimeType: 'image/jpeg', buffer };
}

/** A silent recording of so many seconds. */
export function wav(seconds, name = 'voice memo.wav') {
  const rate = 8_000;
  const samples = Math.round(rate * seconds);
  const buffer = Buffer.alloc(44 + samples, 128);
  buffer.write('RIFF', 0);
  buffer.writeUInt32LE(36 + samples, 4);
  buffer.write('WAVEfmt ', 8);
  buffer.writeUInt32LE(16, 16);
  buffer.writeUInt16LE(1, 20);
  buffer.writeUInt16LE(1, 22);
  buffer.writeUInt32LE(rate, 24);
  buffer.writeUInt32LE(rate, 28);
  buffer.writeUInt16LE(1, 32);
  buffer.writeUInt16LE(8, 34);
  buffer.write('data', 36);
  buffer.writeUInt32LE(samples, 40);
  return { name, mimeType: 'audio/wav', buffer };
}

/** A document of those that the reader is tested with. */
export async function paper(fixture, name = fixture, mimeType = 'application/pdf') {
  return { name, mimeType, buffer: await readFile(new URL(fixture, PAPERS)) };
}

export const text = (name, words) => ({ name, mimeType: 'text/plain', buffer: Buffer.from(words) });
