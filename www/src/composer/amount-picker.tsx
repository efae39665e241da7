// How many pictures, clips or 3D models are made, and how long a clip is. The price follows.
import '../styles/amounts.css';
import type { PriceBook } from '@kumari/credits';
import { kindOf } from '../credits/words';
import type { Chosen } from './choice';
import type { Amounts } from './draft';

/** The server makes no more at a time. */
const IMAGES_MAX = 8;
const OTHERS_MAX = 4;

export function AmountPicker({
  choice: { mode, models, amounts = {} },
  book,
  pick,
}: {
  choice: Chosen;
  book: PriceBook;
  pick: (amounts: Amounts) => void;
}) {
  const set = (part: Amounts) => {
    pick({ ...amounts, ...part });
  };
  switch (kindOf(mode)) {
    case 'text':
      return null;
    case 'image':
      return (
        <Count
          label="Images"
          words={(count) => (count === 1 ? '1 image' : `${count} images`)}
          values={upTo(IMAGES_MAX)}
          value={amounts.images ?? 1}
          set={(images) => {
            set({ images });
          }}
        />
      );
    case 'three_d':
      return (
        <Count
          label="3D models"
          words={(count) => (count === 1 ? '1 model' : `${count} models`)}
          values={upTo(OTHERS_MAX)}
          value={amounts.three_d_models ?? 1}
          set={(three_d_models) => {
            set({ three_d_models });
          }}
        />
      );
    case 'video': {
      const kind = book.models.find(({ id }) => id === models[0])?.kind;
      const video = typeof kind === 'object' && 'video' in kind ? kind.video : null;
      const seconds = amounts.clip_seconds ?? video?.block_seconds ?? 1;
      const all = upTo(video?.clip_seconds_max ?? seconds);
      return (
        <>
          <Count
            label="Clips"
            words={(count) => (count === 1 ? '1 clip' : `${count} clips`)}
            values={upTo(OTHERS_MAX)}
            value={amounts.clips ?? 1}
            set={(clips) => {
              set({ clips });
            }}
          />
          <Count
            label="Seconds"
            words={(count) => `${count} s`}
            // What another model made longer is said to be too long, and stays a choice until then.
            values={all.includes(seconds) ? all : [...all, seconds]}
            value={seconds}
            set={(clip_seconds) => {
              set({ clip_seconds });
            }}
          />
        </>
      );
    }
  }
}

function upTo(most: number): number[] {
  return Array.from({ length: most }, (_, index) => index + 1);
}

function Count({
  label,
  words,
  values,
  value,
  set,
}: {
  label: string;
  words: (value: number) => string;
  values: readonly number[];
  value: number;
  set: (value: number) => void;
}) {
  return (
    <select
      className="chip chip-select"
      aria-label={label}
      value={value}
      onChange={(event) => {
        set(Number(event.target.value));
      }}
    >
      {values.map((one) => (
        <option key={one} value={one}>
          {words(one)}
        </option>
      ))}
    </select>
  );
}
