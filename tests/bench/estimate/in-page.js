// One calculator in a page of its own.
import { measure } from './contestant.js';

window.measure = async (contestant) => {
  const order = await (await fetch('/order.json')).json();
  const { start } = await import(/* @vite-ignore */ `/contestants/${contestant}.js`);
  return measure(contestant, start, order);
};
