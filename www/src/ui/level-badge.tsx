import type { LevelShown } from '@kumari/credits';
import { dearestLevel, levelWords } from '../credits/words';

/** "Medium × 3": how dear a message is, at a glance. */
export function LevelBadge({ level }: { level: LevelShown }) {
  return (
    <span className="level" data-level={dearestLevel(level)}>
      {levelWords(level)}
    </span>
  );
}
