import { HeldList } from "../events/held-list.ts";
import type { Room } from "../kit/room.ts";
import type { NumberedAlert } from "./alert.ts";

/** The maximum size of the kept alerts. A follower that is further behind gets pages. */
const MAX_BYTES = 2 * 1024 * 1024;

interface Slice {
  /** The alert before its first one. */
  after: number;
  last: number;
  alerts: readonly NumberedAlert[];
  bytes: number;
}

/** The alerts found last. */
export class RecentAlerts {
  readonly #slices: HeldList<Slice>;
  #high: number;

  constructor(high: number, room: Room) {
    this.#high = high;
    this.#slices = new HeldList(room, MAX_BYTES);
  }

  /** The highest number that was found. */
  get high(): number {
    return this.#high;
  }

  /** All alerts after this one are here. */
  get low(): number {
    return this.#slices.at(this.#slices.dropped)?.after ?? this.#high;
  }

  /** The next alerts after a number. Followers at the same place get the same array. Undefined: there are none, or they were dropped. */
  after(number: number): readonly NumberedAlert[] | undefined {
    const slice = number < this.low ? undefined : this.#slices.find(({ last }) => last > number);
    return slice && slice.after < number ? slice.alerts.filter((one) => one.number > number) : slice?.alerts;
  }

  /** Adds the alerts after `high`, lowest number first. */
  add(alerts: readonly NumberedAlert[]): void {
    const last = alerts.at(-1)?.number;
    if (last === undefined) return;
    const bytes = alerts.reduce((sum, { alert }) => sum + JSON.stringify(alert).length + 100, 0);
    this.#slices.add({ after: this.#high, last, alerts, bytes });
    this.#high = last;
  }

  close(): void {
    this.#slices.clear();
  }
}
