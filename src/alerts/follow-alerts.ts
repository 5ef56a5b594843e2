import { AppError } from "../errors.ts";
import { Ticker } from "../kit/poller.ts";
import type { Room } from "../kit/room.ts";
import type { NumberedAlert } from "./alert.ts";
import { AlertFeed } from "./alert-feed.ts";
import { RecentAlerts } from "./recent-alerts.ts";

const MAX_FOLLOWERS = 5000;
const LIMIT = 500;

export interface FollowAlertsDeps {
  /** The alerts after a number, lowest first. Every alert up to a number that this gives is visible. */
  findAfter: (after: number, limit: number) => Promise<NumberedAlert[]>;
  lastNumber: () => Promise<number>;
  room: Room;
  onError: (error: unknown) => void;
  /** The interval of looks for alerts that other processes have numbered. */
  everyMs?: number;
}

/**
 * Follows alerts, without an end.
 *
 * @param after the number of the last known alert. Undefined: only new alerts follow
 * @param withTrips whether alerts about trips are among them
 * @returns the feed, and the number to return with before its first event
 */
export type FollowAlerts = (
  after: number | undefined,
  withTrips: boolean,
) => Promise<{ feed: AlertFeed; after: number }>;

export interface AlertFollower {
  followAlerts: FollowAlerts;
  /** Looks at once, because this process has numbered alerts. */
  trigger(): void;
  close(): Promise<void>;
}

/** Finds alerts for all followers in this process. It looks only while there are some, and once for all of them. */
export function createAlertFollower({
  findAfter,
  lastNumber,
  room,
  onError,
  everyMs = 250,
}: FollowAlertsDeps): AlertFollower {
  const feeds = new Set<AlertFeed>();
  let recent: RecentAlerts | undefined;
  let isClosed = false;
  const ticker = new Ticker(look, everyMs, onError);

  async function look(): Promise<void> {
    const now = recent;
    if (!now) return;
    const found = await findAfter(now.high, LIMIT);
    // The last follower may have left, and another one come.
    if (recent !== now) return;
    now.add(found);
    let isBehind = found.length === LIMIT;
    for (const feed of feeds) {
      const after = feed.wantsPageAfter;
      if (after !== undefined) {
        feed.givePage(await findAfter(after, LIMIT));
        isBehind = true;
      }
      feed.onEvents();
    }
    if (isBehind) ticker.trigger();
  }

  function leave(feed: AlertFeed): void {
    feeds.delete(feed);
    if (feeds.size > 0) return;
    recent?.close();
    recent = undefined;
    ticker.run(false);
  }

  return {
    followAlerts: async (after, withTrips) => {
      if (feeds.size >= MAX_FOLLOWERS) {
        const detail = `${MAX_FOLLOWERS} already follow alerts here.`;
        throw new AppError("too_many_requests", detail, {}, { retryAfterSeconds: 5 });
      }
      const high = await lastNumber();
      recent ??= new RecentAlerts(high, room);
      const from = Math.min(after ?? high, high);
      const feed: AlertFeed = new AlertFeed(from, recent, withTrips, () => leave(feed));
      feeds.add(feed);
      ticker.run(true);
      ticker.trigger();
      if (isClosed) feed.close();
      return { feed, after: from };
    },
    trigger: () => ticker.trigger(),
    close: async () => {
      isClosed = true;
      for (const feed of [...feeds]) feed.close();
      await ticker.stop();
    },
  };
}
