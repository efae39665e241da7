// The files of a message that is being written, and the ways in which they come.
import type { Encoding, ModelId } from '@kumari/credits';
import { Paperclip } from 'lucide-react';
import { type RefObject, useImperativeHandle } from 'react';
import type { Prices } from '../credits/client';
import type { Attaching } from './attach-button';
import { FileChips } from './file-chips';
import type { DraftPricing } from './pricing';
import type { KeptDraft } from './use-draft';
import { useDrop } from './use-drop';
import { useFiles } from './use-files';

export function AttachedFiles({
  handle,
  kept,
  encodings,
  models,
  pricing,
  prices,
}: {
  handle: RefObject<Attaching | null>;
  kept: KeptDraft;
  encodings: readonly Encoding[];
  /** The models that are asked. */
  models: readonly ModelId[];
  pricing: DraftPricing;
  prices: Prices | null;
}) {
  const { attaching, notice } = useFiles(kept, encodings);
  const isDropping = useDrop(attaching.attach);
  useImperativeHandle(handle, () => attaching, [attaching]);
  return (
    <>
      {notice !== null && (
        <p className="files-notice" role="alert">
          {notice}
        </p>
      )}
      <FileChips
        files={kept.draft.files}
        attaching={attaching}
        models={models}
        pricing={pricing}
        prices={prices}
      />
      {isDropping && (
        <div className="drop-target" data-testid="drop-target">
          <span className="drop-words">
            <Paperclip aria-hidden size={22} /> Drop files to attach them
          </span>
        </div>
      )}
    </>
  );
}
