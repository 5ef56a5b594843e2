import { collectDefaultMetrics, Gauge, Registry } from "prom-client";
import type { RollupsStatus } from "./rollups.ts";

/**
 * The figures of this process, and how far the rollups are behind; the latter are left out while the database cannot be
 * reached, so that those of the process are still to be had.
 */
export function createMetrics(rollupStatus: RollupsStatus) {
  const registry = new Registry();
  collectDefaultMetrics({ register: registry });
  const gauge = (name: string, help: string) => new Gauge({ name, help, registers: [registry] });
  const lag = gauge("tripgrid_rollup_lag_seconds", "Age of the oldest write that the rollups have not taken up");
  const weeks = gauge("tripgrid_rollup_weeks_behind", "Weeks that are answered from the trips until they are taken up");
  const trips = gauge("tripgrid_rollup_trips_behind", "Trips that came or went in these weeks since, at most");
  return {
    contentType: registry.contentType,
    read: async () => {
      for (const each of [lag, weeks, trips]) each.remove();
      const status = await rollupStatus().catch(() => undefined);
      if (status) {
        lag.set(status.lag_seconds);
        weeks.set(status.weeks_behind);
        trips.set(status.trips_behind);
      }
      return registry.metrics();
    },
  };
}
