// Files that are dropped anywhere on the page.
import { useEffect, useLayoutEffect, useRef, useState } from 'react';

/** Whether files are held over the page; `attach` gets those that are dropped. */
export function useDrop(attach: (files: readonly File[]) => void): boolean {
  const [isOver, setIsOver] = useState(false);
  const latest = useRef(attach);
  useLayoutEffect(() => {
    latest.current = attach;
  });
  useEffect(() => {
    const end = new AbortController();
    // Before the editor, which would put a text file's text into the message.
    const options = { signal: end.signal, capture: true };
    const over = (event: DragEvent) => {
      if (!hasFiles(event.dataTransfer)) return;
      event.preventDefault();
      setIsOver(true);
    };
    window.addEventListener('dragenter', over, options);
    window.addEventListener('dragover', over, options);
    const left = ({ relatedTarget }: DragEvent) => {
      if (relatedTarget === null) setIsOver(false);
    };
    window.addEventListener('dragleave', left, options);
    const dropped = (event: DragEvent) => {
      setIsOver(false);
      if (!hasFiles(event.dataTransfer)) return;
      event.preventDefault();
      latest.current([...(event.dataTransfer?.files ?? [])]);
    };
    window.addEventListener('drop', dropped, options);
    return () => {
      end.abort();
    };
  }, []);
  return isOver;
}

function hasFiles(data: DataTransfer | null): boolean {
  return data?.types.includes('Files') ?? false;
}
