// Answers the questions of `parity node` with the npm package: one JSON line in, one out.

import { createInterface } from 'node:readline';
import * as credits from '@kumari/credits';
import { answer } from './answers.mjs';

await credits.init();
const books = [];
for await (const line of createInterface({ input: process.stdin })) {
  const question = JSON.parse(line);
  if (question.book !== undefined) {
    books.push(credits.loadPriceBook(question.book));
    continue;
  }
  const said = answer(credits, books[question.index], question);
  if (!process.stdout.write(`${JSON.stringify(said)}\n`)) {
    await new Promise((resume) => process.stdout.once('drain', resume));
  }
}
