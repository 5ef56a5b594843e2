/**
 * A long result that is read once, a page at a time. It may come out of an open transaction, so a caller that does not
 * read it to the end must call `end`.
 */
export interface Pages<T> {
  /** The next page; undefined after the last. */
  next(): Promise<T | undefined>;
  end(): Promise<void>;
}

/** A result that is a single page. */
export function onePage<T>(page: T): Pages<T> {
  let left: T | undefined = page;
  const take = () => {
    const taken = left;
    left = undefined;
    return taken;
  };
  return { next: async () => take(), end: async () => void take() };
}

/** The pages, each changed by `map`. */
export function mapPages<T, U>(pages: Pages<T>, map: (page: T) => U): Pages<U> {
  return {
    next: async () => {
      const page = await pages.next();
      return page === undefined ? undefined : map(page);
    },
    end: () => pages.end(),
  };
}

/** The pages with `first`, which was already read, in front of them. */
export function pagesAfter<T>(first: T, pages: Pages<T>): Pages<T> {
  const before = onePage(first);
  return { next: async () => (await before.next()) ?? pages.next(), end: () => pages.end() };
}
