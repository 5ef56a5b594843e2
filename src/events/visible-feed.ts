import type { BatchEvent, Feed } from "./batch-changes.ts";

/** The feed without the events that its follower may not see. */
export function visibleFeed(feed: Feed, isVisible: (owner: string | null) => boolean): Feed {
  return {
    take: () => {
      for (let events = feed.take(); events; events = feed.take()) {
        const visible: BatchEvent[] = events.filter(({ owner }) => isVisible(owner ?? null));
        if (visible.length > 0) return visible;
      }
      return undefined;
    },
    get isOver() {
      return feed.isOver;
    },
    get onEvents() {
      return feed.onEvents;
    },
    set onEvents(listener) {
      feed.onEvents = listener;
    },
    close: () => feed.close(),
    get closed() {
      return feed.closed;
    },
  };
}
