// The rows of the result: our figures, what each stands beside, and what has to be reached.
const REALMS = { node: 'Node', chromium: 'Chromium' };
const ESTIMATE_US_MAX = 15;
const PREPARED_US = { target: 1, stretch: 0.05 };

const atMost = (target) => ({ direction: 'at_most', of_ratio: false, target });

/** All rows, from the figures of all realms. */
export function rowsOf(figures) {
  return Object.entries(REALMS).flatMap(([realm, where]) => rowsIn(realm, where, figures));
}

function rowsIn(realm, where, figures) {
  const ours = figures[realm].kumari;
  const peers = [
    ['genai-prices in JavaScript', figures[realm]['genai-prices']],
    ...(realm === 'node' && figures.python
      ? [
          ['genai-prices in Python', figures.python['genai-prices']],
          ['LiteLLM in Python', figures.python.litellm],
        ]
      : []),
  ];
  return [
    {
      name: `${where}: estimate with 4 models`,
      value: ours.estimate_us,
      unit: 'µs',
      target: atMost(ESTIMATE_US_MAX),
    },
    {
      name: `${where}: a prepared estimate with 4 models`,
      value: ours.prepared_us,
      unit: 'µs',
      target: { ...atMost(PREPARED_US.target), stretch: PREPARED_US.stretch },
    },
    ...peers.map(([name, peer]) => ({
      name: `${where}: four calls of ${name}`,
      value: peer.estimate_us,
      unit: 'µs',
      beside: { what: 'our estimate', value: ours.estimate_us },
      note: 'beside our estimate',
    })),
  ];
}
