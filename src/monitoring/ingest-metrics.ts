import { Counter, Histogram, type Registry } from "prom-client";
import type { IngestCounts } from "../batches/row-tally.ts";

/** Sources are named by senders. Those past this number are counted as one, so that the metrics stay small. */
const MAX_SOURCES = 200;
const BUCKETS = [0.002, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10];

/** The figures about what this process has stored. */
export function createIngestMetrics(registers: Registry[]): IngestCounts {
  const rows = new Counter({
    name: "tripgrid_rows_total",
    help: "Rows whose verdicts were committed by this process, by verdict and source",
    labelNames: ["verdict", "source"],
    registers,
  });
  const commits = new Histogram({
    name: "tripgrid_commit_duration_seconds",
    help: "Transactions that stored rows: of small requests together, or of a chunk of a large batch",
    labelNames: ["kind"],
    buckets: BUCKETS,
    registers,
  });
  const known = new Set<string>();
  const shown = (source = "unknown") => {
    if (known.has(source)) return source;
    if (known.size === MAX_SOURCES) return "other";
    known.add(source);
    return source;
  };
  return {
    stored: (tallies) => {
      for (const { source, ...counts } of tallies) {
        for (const [verdict, count] of Object.entries(counts)) {
          if (count > 0) rows.inc({ verdict, source: shown(source) }, count);
        }
      }
    },
    committed: (kind, seconds) => commits.observe({ kind }, seconds),
  };
}
