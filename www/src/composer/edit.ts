// The change that makes one text of another, where only the two texts are known.

/** The one edit that makes `after` of `before`, in UTF-16 code units. */
export function editBetween(
  before: string,
  after: string,
): { offset: number; deleted: number; inserted: string } {
  const shorter = Math.min(before.length, after.length);
  let offset = 0;
  while (offset < shorter && before.charCodeAt(offset) === after.charCodeAt(offset)) offset += 1;
  let same = 0;
  while (
    same < shorter - offset &&
    before.charCodeAt(before.length - 1 - same) === after.charCodeAt(after.length - 1 - same)
  ) {
    same += 1;
  }
  return {
    offset,
    deleted: before.length - same - offset,
    inserted: after.slice(offset, after.length - same),
  };
}
