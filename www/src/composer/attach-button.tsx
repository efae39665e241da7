import { Paperclip } from 'lucide-react';
import { type RefObject, useRef } from 'react';
import type { DraftFile } from './draft-files';

/** Where the cursor goes once the last file is removed. */
export const ATTACH_ID = 'attach';

/** What is done with files of the draft. */
export interface Attaching {
  attach: (chosen: readonly File[]) => void;
  remove: (file: DraftFile) => void;
  retry: (file: DraftFile) => void;
}

/** Opens the browser's own choice of files. */
export function AttachButton({
  attaching,
  isReady,
}: {
  attaching: RefObject<Attaching | null>;
  isReady: boolean;
}) {
  const input = useRef<HTMLInputElement>(null);
  return (
    <>
      <button
        id={ATTACH_ID}
        type="button"
        className="icon-button attach"
        aria-label="Attach files"
        disabled={!isReady}
        onClick={() => input.current?.click()}
      >
        <Paperclip aria-hidden size={18} />
      </button>
      <input
        ref={input}
        type="file"
        multiple
        hidden
        disabled={!isReady}
        data-testid="file-input"
        onChange={({ target }) => {
          attaching.current?.attach([...(target.files ?? [])]);
          // The same file may be chosen again once it was removed.
          target.value = '';
        }}
      />
    </>
  );
}
