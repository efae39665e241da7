// `/` and `@` in the text: where a menu is asked for, and by which letters.

export interface Trigger {
  sign: '/' | '@';
  /** Where the sign stands. */
  from: number;
  /** Where the letters after it end. */
  to: number;
  /** The letters after it. */
  search: string;
}

/**
 * The sign that the cursor stands behind: `/` only where the message begins with it, `@` where a
 * word begins with it. White space ends either.
 */
export function triggerAt(text: string, cursor: number): Trigger | null {
  const before = text.slice(0, cursor);
  const found = /(?:^(?<slash>\/)|(?:^|\s)(?<at>@))(?<search>[^\s/@]*)$/u.exec(before);
  if (!found?.groups) return null;
  const { slash, search = '' } = found.groups;
  return {
    sign: slash ? '/' : '@',
    from: cursor - search.length - 1,
    to: cursor,
    search,
  };
}

/** The text without a sign and its letters, and without the space after them. */
export function without(text: string, { from, to }: Trigger): string {
  return text.slice(0, from) + text.slice(text[to] === ' ' ? to + 1 : to);
}
