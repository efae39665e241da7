// What the tests of the rules share.
import assert from 'node:assert/strict';

/** A request to the one model of the small book. */
export const direct = (tokens, more = {}) => ({
  task: 'direct',
  models: ['quill'],
  input_tokens: { o200k_base: tokens },
  messages: 1,
  ...more,
});

/** The range alone. */
export const prices = ({ low, expected, high }) => [low, expected, high];

/** The error that a call throws. */
export const refusal = (call) => {
  try {
    call();
  } catch (error) {
    return error;
  }
  return assert.fail('nothing was thrown');
};
