/** Stands where the conversations will be. */
export function ListSkeleton() {
  return (
    <div className="skeleton-lines" aria-hidden>
      <span className="skeleton" />
      <span className="skeleton" />
      <span className="skeleton" />
    </div>
  );
}
