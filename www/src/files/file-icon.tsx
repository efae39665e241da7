import { AudioLines, FileText, File as FileUnknown, Film, Image } from 'lucide-react';
import type { Content } from './content';

/** What kind of file it is, at a glance. */
export function FileIcon({ kind }: { kind: Content['kind'] | undefined }) {
  switch (kind) {
    case 'document':
      return <FileText aria-hidden size={18} />;
    case 'image':
      return <Image aria-hidden size={18} />;
    case 'audio':
      return <AudioLines aria-hidden size={18} />;
    case 'video':
      return <Film aria-hidden size={18} />;
    case undefined:
      return <FileUnknown aria-hidden size={18} />;
  }
}
