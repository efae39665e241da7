// The words for the lines of a price and the end of an answer, which a page needs only once somebody
// asks how a price comes about.
import type { Finish, Meter, ReceiptOutcome, VoidReason } from '@kumari/credits';

export const METER_NAMES: Record<Meter, string> = {
  input_tokens: 'Text sent to the model',
  cache_read_tokens: 'Text that the provider already had',
  cache_write_tokens: 'Text kept for five minutes',
  cache_write_1h_tokens: 'Text kept for an hour',
  image_input_tokens: 'Images sent to the model',
  audio_input_tokens: 'Audio sent to the model',
  output_tokens: 'The answer',
  reasoning_tokens: 'Thinking before the answer',
  image_output_tokens: 'Images made by the model',
  audio_output_tokens: 'Audio made by the model',
  steps: 'Steps',
  searches: 'Searches',
  pages: 'Pages read',
  images: 'Images',
  video_blocks: 'Video blocks',
  three_d_models: '3D models',
};

/** What a meter counts, for "1,234 tokens". */
export function meterUnit(meter: Meter): string {
  return meter.endsWith('_tokens') ? 'tokens' : '';
}

export const FINISH_WORDS: Record<Finish, string> = {
  completed: 'Complete answer',
  stopped: 'Stopped by you: charged for what was written',
  length: 'Reached the longest answer that was priced',
  content_filter: 'Cut off by the provider’s content filter',
};

const VOID_WORDS: Record<VoidReason, string> = {
  refused: 'The provider did not take the message: nothing was charged',
  failed: 'The provider failed: nothing was charged',
  stopped: 'Stopped before anything was written: nothing was charged',
  lost: 'The answer got lost: nothing was charged',
};

/** Why an answer costs nothing, or nothing yet. */
export function freeWords(outcome: Exclude<ReceiptOutcome, { kind: 'settled' }>): string {
  switch (outcome.kind) {
    case 'voided':
      return VOID_WORDS[outcome.reason];
    case 'expired':
      return 'It took too long: nothing was charged';
    case 'open':
      return 'Still being written';
  }
}
