// Ours: a document that is told what changed. As in the package's worker, the counter warms up once
// it is there.
import { TokenDocument, Vocabulary, init, warmUp } from '@kumari/credits/tokens/direct';

export async function start(read) {
  const [file] = await Promise.all([read('o200k_base.bin'), init()]);
  const vocabulary = new Vocabulary(new Uint8Array(file));
  void warmUp(vocabulary);
  return {
    count: (text) => vocabulary.countText(text),
    draft() {
      const document = new TokenDocument(vocabulary);
      return {
        edit(offset, deleted, inserted) {
          document.edit(offset, deleted, inserted);
          return document.count();
        },
      };
    },
  };
}
