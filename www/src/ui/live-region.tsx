import { useAnnouncement } from './announce';

export function LiveRegion() {
  return (
    <div className="visually-hidden" role="status" aria-live="polite" data-testid="announcer">
      {useAnnouncement()}
    </div>
  );
}
