// Counts texts as npm's `tiktoken` does: `node npm.mjs ENCODING`, each text as its length in bytes
// (4 bytes, lowest first) and its bytes, each answer as a line.
import { once } from 'node:events';
import { get_encoding } from 'tiktoken';

const encoding = get_encoding(process.argv[2]);
const decoder = new TextDecoder('utf-8', { ignoreBOM: true });
let waiting = Buffer.alloc(0);
for await (const chunk of process.stdin) {
  waiting = Buffer.concat([waiting, chunk]);
  let answer = '';
  while (waiting.length >= 4 && waiting.length >= 4 + waiting.readUInt32LE()) {
    const end = 4 + waiting.readUInt32LE();
    const text = decoder.decode(waiting.subarray(4, end));
    answer += `${encoding.encode_ordinary(text).length}\n`;
    waiting = waiting.subarray(end);
  }
  if (!process.stdout.write(answer)) await once(process.stdout, 'drain');
}
