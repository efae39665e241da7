// One calculator in a Node of its own: reads what to do, writes what came of it.
import { readFile } from 'node:fs/promises';
import { measure } from './contestant.js';

const [contestant, orderFile] = process.argv.slice(2);
const order = JSON.parse(await readFile(orderFile, 'utf8'));
const { start } = await import(`./contestants/${contestant}.js`);
process.stdout.write(JSON.stringify(await measure(contestant, start, order)));
