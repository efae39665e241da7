// What is said of credits where media are to be made.
import type { Task } from '@kumari/credits';

/** Work of which one piece costs as much as many messages. */
const MEDIA: readonly Task[] = ['image', 'video', 'three_d'];

export function isMedia(task: Task | undefined): boolean {
  return task !== undefined && MEDIA.includes(task);
}

/** Said where media is to be made. */
export const PACK_FOR_MEDIA =
  'For images, videos and 3D a Custom Pack is the most cost-effective way: the more at once, the ' +
  'more credits for a dollar, and they never expire.';
