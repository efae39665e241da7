// One counter and one text in a Node of their own: reads what to do, writes what came of it.
import { readFile } from 'node:fs/promises';
import { createRequire } from 'node:module';
import { coldStart, measureRun, measureText, rest } from './measure.js';
import { randomFrom } from './random.js';

const { contestant, textFile, isRun, vocabulary, seed, budgetMs } = JSON.parse(process.argv[2]);
const require = createRequire(import.meta.url);
const FILES = {
  'o200k_base.bin': vocabulary,
  'tiktoken.wasm': require.resolve('tiktoken/lite/tiktoken_bg.wasm'),
};

const text = await readFile(textFile, 'utf8');
globalThis.gc();
const before = process.memoryUsage().rss;
const { counter, ms } = await coldStart(async () => {
  const { start } = await import(`./contestants/${contestant}.js`);
  return { start, read: (name) => readFile(FILES[name]) };
});
await rest();
const result = isRun
  ? { run: measureRun(counter, text, budgetMs) }
  : { cold_ms: ms, ...measureText(counter, text, randomFrom(seed), budgetMs) };
globalThis.gc();
result.memory_mb = (process.memoryUsage().rss - before) / 1e6;
process.stdout.write(JSON.stringify(result));
