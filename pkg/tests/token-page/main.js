import { TokenCounter } from '@kumari/credits/tokens';

const counter = new TokenCounter({ vocabularies: { o200k_base: '/o200k_base.bin.gz' } });
const draft = counter.open(['o200k_base'], () => 'Hello world');
draft.subscribe(({ tokens, isExact }) => {
  document.title = `${isExact ? '' : '~'}${tokens.o200k_base}`;
});
