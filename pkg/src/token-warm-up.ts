// A runtime compiles WebAssembly quickly first, and well only what runs much. Somebody who pastes a
// book would have it counted by the quick code, at less than half the speed: so text of no meaning is
// counted before, while nobody waits.
import { TokenDocument, type Vocabulary } from './tokens.js';

/**
 * Texts that make the counter go all its ways. Two are ASCII alone: a string is handed to
 * WebAssembly letter by letter as far as it is, and that loop has to become fast too.
 */
const SAMPLES = [
  'It was the best of times, and in 1859 nobody thrummed "gulpingly" over the 12.5%; ',
  'function updateIndex(props) {\n    if (props.kind === 277 /* JsxText */ && !_snake_case) {\n' +
    '        return props?.items ?? [0x1f, camelCaseXY];\n    }\n}\n',
  '在编译过程中找不到名称“{0}”。是否需要更改目标库？Łódź 👩‍💻🎉 ',
];
/** A slice is counted in a few milliseconds, and who wants something else is heard between two. */
const SLICE_UNITS = 16_384;
/** More made a first count no faster, in Chromium and in Node. */
const SLICES_OF_EACH = 6;

/**
 * Makes the first long text be counted as fast as later ones: about 100 ms of work in slices of a
 * few. Before that it would be counted at less than half the speed. Once for a page or worker is
 * enough, whatever the vocabulary. Keep the vocabulary until it is done, or abort it.
 */
export async function warmUp(
  vocabulary: Vocabulary,
  { signal }: { signal?: AbortSignal } = {},
): Promise<void> {
  const texts = SAMPLES.map((sample) => sample.repeat(SLICE_UNITS / sample.length));
  const document = new TokenDocument(vocabulary);
  try {
    for (let slice = 0; slice < SLICES_OF_EACH * texts.length; slice += 1) {
      await new Promise((resolve) => setTimeout(resolve, 0));
      if (signal?.aborted) return;
      document.edit(document.length, 0, texts[slice % texts.length] ?? '');
    }
  } finally {
    document.free();
  }
}
