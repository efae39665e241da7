// Answers as Markdown. Raw HTML in them stays text; links open apart and tell nobody where from.
import Markdown, { type Components } from 'react-markdown';
import remarkGfm from 'remark-gfm';

const components: Components = {
  // Above them are the page's heading and the model's name.
  h1: 'h3',
  h2: 'h3',
  h3: 'h4',
  h4: 'h5',
  h5: 'h6',
  a: ({ href, children }) => (
    <a href={href} target="_blank" rel="noopener noreferrer nofollow">
      {children}
    </a>
  ),
  // A picture in an answer would tell its address that the answer was read.
  img: ({ alt, src }) => (
    <span className="muted">
      {alt ?? 'Picture'} ({String(src)})
    </span>
  ),
  table: ({ children }) => (
    // A wide table is scrolled by keyboard too.
    // eslint-disable-next-line jsx-a11y/no-noninteractive-tabindex
    <div className="table-scroll" role="region" aria-label="Table" tabIndex={0}>
      <table>{children}</table>
    </div>
  ),
  pre: ({ children }) => (
    // eslint-disable-next-line jsx-a11y/no-noninteractive-tabindex
    <pre role="region" aria-label="Code" tabIndex={0}>
      {children}
    </pre>
  ),
};

const plugins = [remarkGfm];

export default function AnswerMarkdown({ text }: { text: string }) {
  return (
    <Markdown remarkPlugins={plugins} components={components}>
      {text}
    </Markdown>
  );
}
