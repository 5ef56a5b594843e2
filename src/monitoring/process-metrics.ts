import { monitorEventLoopDelay } from "node:perf_hooks";
import { Gauge, type Registry } from "prom-client";
import type { Room } from "../kit/room.ts";

/** The interval at which the event loop's delay is sampled. */
const RESOLUTION_MS = 10;

export type PoolStats = Record<string, { open: number; busy: number; waiting: number }>;

/** @returns a function that copies the figures to the metric and starts a new measurement */
export function watchEventLoop(registers: Registry[]): () => void {
  const delay = new Gauge({
    name: "tripgrid_event_loop_delay_seconds",
    help: "How late the event loop came to its work since these metrics were last read; quantile 1 is the worst",
    labelNames: ["quantile"],
    registers,
  });
  const histogram = monitorEventLoopDelay({ resolution: RESOLUTION_MS });
  histogram.enable();
  return () => {
    for (const quantile of [0.5, 0.99, 1]) {
      // The histogram measures the time between two samples.
      const late = histogram.percentile(quantile * 100) / 1e9 - RESOLUTION_MS / 1000;
      delay.set({ quantile }, Math.max(0, late));
    }
    histogram.reset();
  };
}

/** Shows the memory that is held for clients. */
export function watchRoom(registers: Registry[], room: Room): void {
  new Gauge({
    name: "tripgrid_held_bytes",
    help: "Memory that is held for clients now, of what TRIPGRID_MAX_BUFFERED_MB sets apart",
    labelNames: ["purpose"],
    registers,
    collect() {
      for (const [purpose, bytes] of Object.entries(room.held())) this.set({ purpose }, bytes);
    },
  });
}

/** Shows the connections to the database. */
export function watchPools(registers: Registry[], pools: () => PoolStats): void {
  new Gauge({
    name: "tripgrid_database_connections",
    help: "Connections to the database by what they are for: open, at work, and the calls that wait for one",
    labelNames: ["lane", "state"],
    registers,
    collect() {
      for (const [lane, stats] of Object.entries(pools())) {
        for (const [state, count] of Object.entries(stats)) this.set({ lane, state }, count);
      }
    },
  });
}
