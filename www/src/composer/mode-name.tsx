import { ChevronDown } from 'lucide-react';
import { type Mode, modeName } from '../credits/words';

/** What is written on the button that changes the mode. */
export function ModeName({ mode }: { mode: Mode }) {
  return (
    <>
      <span className="visually-hidden">Mode: </span>
      {modeName(mode)} <ChevronDown aria-hidden size={14} />
    </>
  );
}
