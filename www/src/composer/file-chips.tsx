// The files of the message that is being written: what each is, and what it adds to the price.
import type { ModelId } from '@kumari/credits';
import { CircleAlert, RotateCw, X } from 'lucide-react';
import { type ReactNode, memo, useEffect, useRef, useSyncExternalStore } from 'react';
import type { Prices } from '../credits/client';
import { addressOf, bytesWords, sizeWords, warningWords } from '../files/content';
import { FileIcon } from '../files/file-icon';
import { addressHere } from '../files/held';
import { progressOf, subscribeProgress } from '../files/upload';
import type { DraftFile } from './draft-files';
import { sharesOf, takes } from './file-shares';
import { type DraftPricing, usePrice } from './pricing';
import { ATTACH_ID, type Attaching } from './attach-button';

export const FileChips = memo(function FileChips({
  files,
  attaching,
  models,
  pricing,
  prices,
}: {
  files: readonly DraftFile[];
  attaching: Attaching;
  /** The models that are asked. */
  models: readonly ModelId[];
  pricing: DraftPricing;
  prices: Prices | null;
}) {
  const list = useRef<HTMLUListElement>(null);
  if (files.length === 0) return null;
  const removeAndMove = (file: DraftFile, index: number) => {
    const buttons = list.current?.querySelectorAll<HTMLElement>('.file-remove') ?? [];
    const next = buttons[index + 1] ?? buttons[index - 1] ?? document.getElementById(ATTACH_ID);
    next?.focus();
    attaching.remove(file);
  };
  return (
    <ul ref={list} className="files" aria-label="Attached files">
      {files.map((file, index) => (
        <FileChip
          key={file.file_id}
          file={file}
          attaching={attaching}
          remove={() => {
            removeAndMove(file, index);
          }}
        >
          <FileNote file={file} models={models} pricing={pricing} prices={prices} />
        </FileChip>
      ))}
    </ul>
  );
});

function FileChip({
  file,
  attaching,
  remove,
  children,
}: {
  file: DraftFile;
  attaching: Attaching;
  remove: () => void;
  /** Below the name. */
  children: ReactNode;
}) {
  const chip = useRef<HTMLLIElement>(null);
  const isBad = file.fault !== undefined;
  // Of many files only some are in sight.
  useEffect(() => {
    if (isBad) chip.current?.scrollIntoView({ block: 'nearest', inline: 'nearest' });
  }, [isBad]);
  return (
    <li ref={chip} className="file" data-testid="file" data-bad={isBad || undefined}>
      <FilePicture file={file} />
      <span className="file-words">
        <span className="file-name" title={file.name}>
          {file.name}
        </span>
        {children}
      </span>
      {file.fault?.canRetry && (
        <button
          type="button"
          className="chip-remove"
          aria-label={`Upload ${file.name} again`}
          onClick={() => {
            attaching.retry(file);
          }}
        >
          <RotateCw aria-hidden size={14} />
        </button>
      )}
      <button
        type="button"
        className="chip-remove file-remove"
        aria-label={`Remove ${file.name}`}
        onClick={remove}
      >
        <X aria-hidden size={14} />
      </button>
      <Progress file={file} />
    </li>
  );
}

function FilePicture({ file: { file_id, content, fault, isStored } }: { file: DraftFile }) {
  if (fault) {
    return (
      <span className="file-picture">
        <CircleAlert aria-hidden size={18} />
      </span>
    );
  }
  const address = addressHere(file_id) ?? (isStored ? addressOf(file_id) : null);
  return (
    <span className="file-picture">
      {content?.kind === 'image' && address !== null ? (
        <img src={address} alt="" />
      ) : (
        <FileIcon kind={content?.kind} />
      )}
    </span>
  );
}

/** Below the name: what is wrong with it, or how large it is and what it adds. */
function FileNote({
  file: { file_id, bytes, content, fault },
  models,
  pricing,
  prices,
}: {
  file: DraftFile;
  models: readonly ModelId[];
  pricing: DraftPricing;
  prices: Prices | null;
}) {
  const share = usePrice(pricing, () => sharesOf(pricing).get(file_id));
  if (fault) return <span className="file-note file-fault">{fault.words}</span>;
  if (!content) return <span className="file-note">Reading… {bytesWords(bytes)}</span>;
  const refusing = prices ? models.filter((model) => !takes(prices, model, content)) : [];
  const warning = warningWords(content);
  return (
    <>
      <span className="file-note">
        {sizeWords(content)}
        {share !== undefined && prices && (
          <>
            {' · '}
            <span className="visually-hidden">adds likely </span>
            <span className="file-share" data-testid="share" data-share={share}>
              +{prices.format(share)}
            </span>
            <span className="visually-hidden"> credits</span>
          </>
        )}
      </span>
      {warning !== null && <span className="file-note file-warning">{warning}</span>}
      {prices && refusing.length > 0 && (
        <span className="file-note file-warning">
          Not for {refusing.map(prices.nameOf).join(', ')}
        </span>
      )}
    </>
  );
}

function Progress({ file: { file_id, name } }: { file: DraftFile }) {
  const part = useSyncExternalStore(subscribeProgress, () => progressOf(file_id));
  if (part === undefined) return null;
  return (
    <progress className="file-progress" aria-label={`Uploading ${name}`} value={part} max={1} />
  );
}
