import { BaseFeed } from "../events/base-feed.ts";
import type { NumberedAlert } from "./alert.ts";
import type { RecentAlerts } from "./recent-alerts.ts";

/**
 * The alerts of one follower, in the order of their numbers. It takes the recent ones that all followers share. One that
 * is too far behind for them asks for pages. It passes over alerts about trips if the follower may not see them.
 */
export class AlertFeed extends BaseFeed<NumberedAlert> {
  readonly #recent: RecentAlerts;
  readonly #withTrips: boolean;
  #page: readonly NumberedAlert[] | undefined;
  /** The last alert that the follower has, or has no right to. */
  #position: number;

  constructor(after: number, recent: RecentAlerts, withTrips: boolean, onClose: () => void) {
    super(onClose);
    this.#position = after;
    this.#recent = recent;
    this.#withTrips = withTrips;
  }

  get isOver(): boolean {
    return false;
  }

  /** The alert after which a page is needed. Undefined: the recent alerts are enough. */
  get wantsPageAfter(): number | undefined {
    return this.#page === undefined && this.#position < this.#recent.low ? this.#position : undefined;
  }

  /** Delivers the alerts after `wantsPageAfter`, the lowest number first, and none that is not among the recent ones. */
  givePage(alerts: readonly NumberedAlert[]): void {
    if (alerts.length > 0) this.#page = alerts;
    else this.#position = Math.max(this.#position, this.#recent.low);
  }

  take(): readonly NumberedAlert[] | undefined {
    for (;;) {
      const page = this.#page;
      this.#page = undefined;
      const alerts = page?.filter(({ number }) => number > this.#position) ?? this.#recent.after(this.#position);
      const last = alerts?.at(-1);
      if (!alerts || !last) return undefined;
      this.#position = last.number;
      const shown = this.#withTrips ? alerts : alerts.filter(({ alert }) => alert.trip === undefined);
      if (shown.length > 0) return shown;
    }
  }
}
