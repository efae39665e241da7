import { estimate, format, init, loadPriceBook } from '@kumari/credits';
import bookText from '../book.json?raw';

await init();
const book = loadPriceBook(bookText);
const request = { task: 'direct', models: ['quill'], input_tokens: { o200k_base: 1234 } };
document.title = format(estimate(book, request).expected, 'en');
