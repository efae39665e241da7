// Answers the questions of `parity node` with the npm package: one JSON line in, one out.

import { createInterface } from 'node:readline';
import { eligibilityJson, estimateJson, init, loadPriceBook } from '@kumari/credits';

await init();
const books = [];
for await (const line of createInterface({ input: process.stdin })) {
  const question = JSON.parse(line);
  if (question.book !== undefined) {
    books.push(loadPriceBook(question.book));
    continue;
  }
  const { index, request, standing, quote } = question;
  const answer = [
    estimateJson(books[index], request),
    eligibilityJson(books[index], standing, request, quote ?? undefined),
  ];
  if (!process.stdout.write(`${JSON.stringify(answer)}\n`)) {
    await new Promise((resume) => process.stdout.once('drain', resume));
  }
}
