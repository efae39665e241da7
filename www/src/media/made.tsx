// What a model made: pictures, clips and 3D models, in an answer and in the media library.
import { Box, Download } from 'lucide-react';
import type { MadeContent, MadeFile } from '../chat/api';
import type { Answer } from '../chat/turns';
import { addressOf, bytesWords, sizeWords } from '../files/content';
import { loadedBy } from '../ui/loaded-by';
import '../styles/made.css';

/** The only part that draws in three dimensions; it is large, and comes with the first 3D model. */
const useModelView = loadedBy(() => import('./model-view'));

/** What an answer made, how far it has come, or why there is nothing. */
export function Made({
  answer: { files, percent, status },
  asked,
}: {
  answer: Answer;
  asked: string;
}) {
  if (files.length > 0) {
    return (
      <ul className="made" data-count={files.length} aria-label="What was made">
        {files.map((file, index) => (
          <li key={file.file_id}>
            <MadeFigure file={file} words={wordsOf(asked, index, files.length)} />
          </li>
        ))}
      </ul>
    );
  }
  if (status === 'running') return <Making percent={percent ?? 0} />;
  const words =
    status === 'completed'
      ? 'What was made here has been deleted.'
      : 'Nothing was made. Nothing was charged.';
  return <p className="muted">{words}</p>;
}

/** What a person asked for is what it shows, for people who do not see it. */
export function wordsOf(asked: string, index: number, count: number): string {
  return count === 1 ? asked : `${asked} (${index + 1} of ${count})`;
}

function Making({ percent }: { percent: number }) {
  return (
    <div className="making">
      <div
        className="making-picture"
        role="progressbar"
        aria-label="Being made"
        aria-valuemin={0}
        aria-valuemax={100}
        aria-valuenow={percent}
      >
        <span className="making-bar">
          <span className="making-done" style={{ inlineSize: `${percent}%` }} />
        </span>
      </div>
      <p className="muted">
        {percent} % · It goes on when you leave, and will be here and in the media library.
      </p>
    </div>
  );
}

/** A picture, a player or a 3D model, with what there is to know of it. */
export function MadeFigure({ file, words }: { file: MadeFile; words: string }) {
  return (
    <figure className="made-figure" data-kind={file.content.kind}>
      <MadeView file={file} words={words} />
      <figcaption className="made-caption">
        <span>
          {madeSize(file.content)} · {bytesWords(file.bytes)}
        </span>
        <a
          className="quiet"
          href={addressOf(file.file_id)}
          download={file.name}
          aria-label={`Download ${file.name}`}
        >
          <Download aria-hidden size={14} /> Download
        </a>
      </figcaption>
    </figure>
  );
}

function MadeView({ file: { file_id, content }, words }: { file: MadeFile; words: string }) {
  const address = addressOf(file_id);
  switch (content.kind) {
    case 'image':
      return (
        <a className="made-picture" href={address} target="_blank" rel="noopener">
          <img src={address} alt={words} width={content.width} height={content.height} />
        </a>
      );
    case 'video':
      return (
        // It has no sound, so there is nothing to caption.
        // eslint-disable-next-line jsx-a11y/media-has-caption
        <video
          className="made-clip"
          controls
          loop
          playsInline
          preload="metadata"
          src={address}
          aria-label={words}
        />
      );
    case 'three_d':
      return <Model address={address} words={words} />;
  }
}

function Model({ address, words }: { address: string; words: string }) {
  const [part, isMissing, again] = useModelView();
  if (part) return <part.ModelView address={address} words={words} />;
  return (
    <div className="model-view">
      {isMissing ? (
        <p className="muted">
          The viewer could not be loaded.{' '}
          <button type="button" className="link" onClick={again}>
            Try again
          </button>
        </p>
      ) : (
        <Box aria-hidden size={32} />
      )}
    </div>
  );
}

/** "768 × 768", "0:04", "24,576 triangles". */
export function madeSize(content: MadeContent): string {
  return content.kind === 'three_d'
    ? `${content.triangles.toLocaleString()} triangles`
    : sizeWords(content);
}
