// The media library: all that was made for this person, the last first. It needs no credits.
import { ArrowLeft, Box, Play } from 'lucide-react';
import { useEffect, useRef, useState } from 'react';
import type { MadeFile } from '../chat/api';
import { chat } from '../chat/use-chat';
import { usePrices } from '../credits/client';
import { addressOf } from '../files/content';
import { currentId, go, pathOf } from '../shell/route';
import { announce } from '../ui/announce';
import { Modal } from '../ui/modal';
import { type MadeAnswer, deleteMade, listMedia } from './api';
import { MadeFigure, madeSize } from './made';

/** One of the files, with the answer that it is of. */
interface Item {
  answer: MadeAnswer;
  file: MadeFile;
}

interface Listed {
  answers: readonly MadeAnswer[];
  next: string | null;
  status: 'loading' | 'ready' | 'failed';
}

export default function Library({ close }: { close: () => void }) {
  const [listed, setListed] = useState<Listed>({ answers: [], next: null, status: 'loading' });
  const [shown, setShown] = useState<Item | null>(null);
  const load = async (after: readonly MadeAnswer[], next: string | null) => {
    setListed({ answers: after, next, status: 'loading' });
    try {
      const page = await listMedia(next ?? undefined);
      setListed({ answers: [...after, ...page.media], next: page.next, status: 'ready' });
    } catch {
      setListed({ answers: after, next, status: 'failed' });
    }
  };
  useEffect(() => {
    let isOver = false;
    listMedia().then(
      (page) => {
        if (!isOver) setListed({ answers: page.media, next: page.next, status: 'ready' });
      },
      () => {
        if (!isOver) setListed({ answers: [], next: null, status: 'failed' });
      },
    );
    return () => {
      isOver = true;
    };
  }, []);
  const removed = ({ answer, file }: Item) => {
    setShown(null);
    setListed((now) => ({
      ...now,
      answers: now.answers.map((one) =>
        one === answer ? { ...one, files: one.files.filter((other) => other !== file) } : one,
      ),
    }));
    announce('Deleted');
    const { conversation_id: id } = answer;
    if (id === currentId()) void chat.reload(id);
    else chat.leave(id);
  };
  return (
    <Modal title="Media library" close={close} isWide>
      {shown ? (
        <Details
          key={shown.file.file_id}
          item={shown}
          back={() => {
            setShown(null);
          }}
          close={close}
          removed={() => {
            removed(shown);
          }}
        />
      ) : (
        <Grid
          listed={listed}
          show={setShown}
          more={() => {
            void load(listed.answers, listed.next);
          }}
        />
      )}
    </Modal>
  );
}

function Grid({
  listed: { answers, next, status },
  show,
  more,
}: {
  listed: Listed;
  show: (item: Item) => void;
  more: () => void;
}) {
  const items = answers.flatMap((answer) => answer.files.map((file) => ({ answer, file })));
  return (
    <>
      {items.length === 0 && status === 'ready' && next === null && (
        <p className="library-empty">
          Nothing yet. Choose Image, Video or 3D as the mode of a message: what is made for you is
          kept here.
        </p>
      )}
      <ul className="library" aria-label="What was made for you">
        {items.map((item) => (
          <li key={item.file.file_id}>
            <button
              type="button"
              className="library-tile"
              aria-label={`${KIND_NAMES[item.file.content.kind]}: ${item.answer.prompt}`}
              onClick={() => {
                show(item);
              }}
            >
              <Thumbnail file={item.file} />
              <span className="library-words">{item.answer.prompt}</span>
            </button>
          </li>
        ))}
      </ul>
      {status === 'loading' && (
        <p className="muted" role="status">
          Loading…
        </p>
      )}
      {status === 'failed' && (
        <p className="notice notice-line" role="alert">
          The media library could not be read.
          <button type="button" className="link" onClick={more}>
            Try again
          </button>
        </p>
      )}
      {status === 'ready' && next !== null && (
        <button type="button" className="button" onClick={more}>
          Show more
        </button>
      )}
    </>
  );
}

const KIND_NAMES: Record<MadeFile['content']['kind'], string> = {
  image: 'Image',
  video: 'Clip',
  three_d: '3D model',
};

function Thumbnail({ file: { file_id, content } }: { file: MadeFile }) {
  const address = addressOf(file_id);
  switch (content.kind) {
    case 'image':
      return (
        <span className="library-picture">
          <img src={address} alt="" loading="lazy" width={content.width} height={content.height} />
        </span>
      );
    case 'video':
      return (
        <span className="library-picture">
          <video src={address} preload="metadata" muted playsInline tabIndex={-1} />
          <span className="library-mark">
            <Play aria-hidden size={12} fill="currentColor" /> {madeSize(content)}
          </span>
        </span>
      );
    case 'three_d':
      return (
        <span className="library-picture">
          <Box aria-hidden size={34} />
          <span className="library-mark">3D</span>
        </span>
      );
  }
}

function Details({
  item: { answer, file },
  back,
  close,
  removed,
}: {
  item: Item;
  back: () => void;
  close: () => void;
  removed: () => void;
}) {
  const prices = usePrices();
  const [step, setStep] = useState<'shown' | 'asked' | 'deleting'>('shown');
  const [fault, setFault] = useState<string | null>(null);
  const top = useRef<HTMLButtonElement>(null);
  useEffect(() => {
    top.current?.focus();
  }, []);
  const remove = async () => {
    setStep('deleting');
    setFault(null);
    try {
      await deleteMade(answer.action_id, file.file_id);
      removed();
    } catch (error) {
      setStep('shown');
      setFault(error instanceof Error ? error.message : 'It could not be deleted.');
    }
  };
  const made = new Date(answer.created_at).toLocaleString(undefined, {
    dateStyle: 'medium',
    timeStyle: 'short',
  });
  const cost =
    answer.charge === undefined || !prices ? '' : ` · ${prices.format(answer.charge)} credits`;
  const together = answer.files.length > 1 ? ` for all ${answer.files.length} of it` : '';
  return (
    <div className="library-item">
      <button type="button" className="quiet" ref={top} onClick={back}>
        <ArrowLeft aria-hidden size={14} /> All media
      </button>
      <MadeFigure file={file} words={answer.prompt} />
      <p className="library-prompt">{answer.prompt}</p>
      <p className="muted">
        {prices?.nameOf(answer.model) ?? answer.model} · {made}
        {cost}
        {cost === '' ? '' : together}
      </p>
      {fault !== null && (
        <p className="notice notice-line" role="alert">
          {fault}
        </p>
      )}
      {step === 'shown' ? (
        <div className="library-actions">
          <a
            className="button"
            href={pathOf(answer.conversation_id)}
            onClick={(event) => {
              if (event.metaKey || event.ctrlKey || event.shiftKey) return;
              event.preventDefault();
              close();
              go(answer.conversation_id);
            }}
          >
            Show in its conversation
          </a>
          <button
            type="button"
            className="button"
            onClick={() => {
              setStep('asked');
            }}
          >
            Delete
          </button>
        </div>
      ) : (
        <div className="library-actions" role="group" aria-label="Delete it?">
          <p>It is deleted for good, and taken out of its conversation too. What it cost stays.</p>
          <button
            type="button"
            className="button button-primary"
            disabled={step === 'deleting'}
            onClick={() => void remove()}
          >
            Delete for good
          </button>
          <button
            type="button"
            className="button"
            disabled={step === 'deleting'}
            onClick={() => {
              setStep('shown');
            }}
          >
            Keep it
          </button>
        </div>
      )}
    </div>
  );
}
