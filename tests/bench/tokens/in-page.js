// One counter and one text in a page of their own.
import { coldStart, measureRun, measureText, rest } from './measure.js';
import { randomFrom } from './random.js';

window.measure = async ({ contestant, textAddress, isRun, seed, budgetMs }) => {
  const text = await (await fetch(textAddress)).text();
  const { counter, ms } = await coldStart(async () => {
    const { start } = await import(/* @vite-ignore */ `/contestants/${contestant}.js`);
    const read = async (name) => (await fetch(`/files/${name}`)).arrayBuffer();
    return { start, read };
  });
  await rest();
  if (isRun) return { run: measureRun(counter, text, budgetMs) };
  return { cold_ms: ms, ...measureText(counter, text, randomFrom(seed), budgetMs) };
};
