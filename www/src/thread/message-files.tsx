// The files of a message that was sent.
import { Download } from 'lucide-react';
import { type FileView, addressOf, bytesWords, sizeWords } from '../files/content';
import { FileIcon } from '../files/file-icon';

export function MessageFiles({ files }: { files: readonly FileView[] }) {
  if (files.length === 0) return null;
  return (
    <ul className="sent-files" aria-label="Files of this message">
      {files.map((file) => (
        <li key={file.file_id} data-kind={file.content.kind}>
          <SentFile file={file} />
        </li>
      ))}
    </ul>
  );
}

function SentFile({ file: { file_id, name, bytes, content } }: { file: FileView }) {
  const address = addressOf(file_id);
  switch (content.kind) {
    case 'image':
      return (
        <a
          className="sent-picture"
          href={address}
          target="_blank"
          rel="noopener"
          aria-label={`Open ${name}`}
        >
          <img
            src={address}
            alt={name}
            width={content.width}
            height={content.height}
            loading="lazy"
          />
        </a>
      );
    case 'audio':
      return (
        <figure className="sent-player">
          <figcaption>
            <FileIcon kind="audio" /> {name} <small>{sizeWords(content)}</small>
          </figcaption>
          {/* What somebody recorded has no captions. */}
          {/* eslint-disable-next-line jsx-a11y/media-has-caption */}
          <audio controls preload="metadata" src={address} aria-label={name} />
        </figure>
      );
    case 'video':
      return (
        <figure className="sent-player">
          {/* eslint-disable-next-line jsx-a11y/media-has-caption */}
          <video controls preload="metadata" src={address} aria-label={name} />
          <figcaption>
            <FileIcon kind="video" /> {name} <small>{sizeWords(content)}</small>
          </figcaption>
        </figure>
      );
    case 'document':
      return (
        <a className="file sent-document" href={address} download={name}>
          <span className="file-picture">
            <FileIcon kind="document" />
          </span>
          <span className="file-words">
            <span className="file-name">{name}</span>
            <span className="file-note">
              {sizeWords(content)} · {bytesWords(bytes)}
            </span>
          </span>
          <Download aria-hidden size={15} className="sent-download" />
          <span className="visually-hidden">Download</span>
        </a>
      );
  }
}
