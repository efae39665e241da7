// Answers the questions of `parity node` with the npm package: one JSON line in, one out.

import { createInterface } from 'node:readline';
import * as credits from '@kumari/credits';
import * as prepared from '@kumari/credits/prepared';
import { answer, loadBook } from './answers.mjs';

const modules = { credits, prepared };
await Promise.all([credits.init(), prepared.init()]);
const books = [];
for await (const line of createInterface({ input: process.stdin })) {
  const question = JSON.parse(line);
  if (question.book !== undefined) {
    books.push(loadBook(modules, question));
    continue;
  }
  const said = answer(modules, books[question.index], question);
  if (!process.stdout.write(`${JSON.stringify(said)}\n`)) {
    await new Promise((resume) => process.stdout.once('drain', resume));
  }
}
