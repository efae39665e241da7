import { Paperclip } from 'lucide-react';
import { useRef } from 'react';
import { ATTACH_ID } from './use-files';

/** Opens the browser's own choice of files. */
export function AttachButton({
  attach,
}: {
  attach: ((files: readonly File[]) => void) | undefined;
}) {
  const input = useRef<HTMLInputElement>(null);
  return (
    <>
      <button
        id={ATTACH_ID}
        type="button"
        className="icon-button attach"
        aria-label="Attach files"
        disabled={attach === undefined}
        onClick={() => input.current?.click()}
      >
        <Paperclip aria-hidden size={18} />
      </button>
      <input
        ref={input}
        type="file"
        multiple
        hidden
        data-testid="file-input"
        onChange={({ target }) => {
          attach?.([...(target.files ?? [])]);
          // The same file may be chosen again once it was removed.
          target.value = '';
        }}
      />
    </>
  );
}
