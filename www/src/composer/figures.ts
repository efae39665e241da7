// The figures of the estimate, written by hand: they change with each letter, and to render them
// would take longer than to price them.
import type { Prices } from '../credits/client';
import { dearestLevel, levelWords } from '../credits/words';
import { spanOf } from './estimate-words';
import type { DraftPrice } from './pricing';

/** Low and high, what is likely, and the level: the children of one element, which is theirs alone. */
export class Figures {
  readonly #price = element('estimate-price');
  readonly #range = element('estimate-range');
  readonly #dot = element('estimate-dot');
  readonly #likely = element('estimate-likely');
  readonly #before = new Text();
  readonly #expected = document.createElement('strong');
  readonly #span = element('estimate-span');
  readonly #level = element('level');
  #shown: DraftPrice | null = null;

  constructor(place: HTMLElement) {
    this.#dot.textContent = ' · ';
    this.#likely.append(this.#before, this.#expected, ' ', this.#span, 'credits');
    this.#price.append(this.#range, this.#dot, this.#likely);
    place.replaceChildren(this.#price, this.#level);
  }

  /** Shows a price; without an estimate, what was shown before stays. */
  show(price: DraftPrice, { format }: Pick<Prices, 'format'>): void {
    const { estimate, isExact } = price;
    if (price === this.#shown || !estimate) return;
    this.#shown = price;
    const { low, expected, high, likely, level } = estimate;
    const about = (amount: string) => `${isExact ? '' : '~'}${format(amount)}`;
    const isRange = low !== high;
    Object.assign(this.#price.dataset, { low, expected, high });
    write(this.#range, likely ? `up to ${about(high)}` : `${about(low)}–${format(high)}`);
    this.#range.hidden = !isRange;
    this.#dot.hidden = !isRange;
    write(this.#before, isRange ? 'likely ' : '');
    write(this.#expected, about(expected));
    write(this.#span, isRange && likely ? `(${spanOf(likely, format)}) ` : '');
    write(this.#level, levelWords(level));
    this.#level.dataset.level = dearestLevel(level);
  }
}

function element(name: string): HTMLSpanElement {
  const made = document.createElement('span');
  made.className = name;
  return made;
}

/** What is the same already is not laid out again. */
function write(node: Node, text: string): void {
  if (node.textContent !== text) node.textContent = text;
}
