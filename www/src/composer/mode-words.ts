// What each mode does, in a sentence, where one is chosen.
import type { Mode } from '../credits/words';

export const MODE_SAYS: Record<Mode, string> = {
  direct: 'One model of your choice answers.',
  compare: 'Two to four models answer side by side.',
  routing: 'Kumari picks a model that fits your message.',
  agent: 'A model works in steps, with tools.',
  deep_research: 'Searches widely, then writes a report.',
  finance_search: 'Searches financial sources.',
  social_search: 'Searches social media.',
  file_processing: 'Reads large documents, page by page.',
  image: 'Makes images.',
  video: 'Makes short clips.',
  three_d: 'Makes 3D models.',
};
