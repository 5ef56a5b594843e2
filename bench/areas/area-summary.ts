import { digits, median, quantile, table } from "../lib/figures.ts";
import type { Answer, Timed } from "./area-ask.ts";
import { boundViolations, errorOf, mismatches } from "./area-compare.ts";
import type { PeerCounts } from "./area-peers.ts";
import { isCity, KINDS, type Question } from "./area-questions.ts";

/** A question with all that answered it. */
export interface Asked {
  question: Question;
  exact: Timed<Answer>;
  estimate: Timed<Answer>;
  duckdb?: Timed<PeerCounts> | undefined;
  postgis?: Timed<PeerCounts> | undefined;
}

type Way = "exact" | "estimate" | "duckdb" | "postgis";

/** The value that a share of the questions does not exceed, of those that were asked in this way. */
function msOf(asked: readonly Asked[], way: Way, share: number): number | null {
  const sorted = asked.flatMap((one) => one[way]?.ms ?? []).sort((a, b) => a - b);
  return sorted.length > 0 ? digits(quantile(sorted, share), 3) : null;
}

function errorsOf(asked: readonly Asked[]): number | null {
  const errors = asked.flatMap(({ estimate, exact }) => errorOf(estimate.answer, exact.answer) ?? []);
  return errors.length > 0 ? digits(median(errors), 2) : null;
}

const sum = (numbers: readonly number[]) => numbers.reduce((total, n) => total + n, 0);

export function summarise(asked: readonly Asked[], { engine, trips }: { engine: string; trips: number }) {
  const city = asked.filter(({ question }) => isCity(question));
  const large = asked.filter(({ question }) => !isCity(question));
  const boxes = asked.filter(({ question }) => question.box);
  const wrong = ({ exact, duckdb, postgis }: Asked) =>
    sum([duckdb, postgis].map((peer) => (peer ? mismatches(exact.answer, peer.answer) : 0)));
  const answer = {
    bench: "areas",
    engine,
    trips,
    exact_p50_ms: msOf(city, "exact", 0.5),
    exact_p95_ms: msOf(city, "exact", 0.95),
    estimate_p50_ms: msOf(city, "estimate", 0.5),
    estimate_p95_ms: msOf(city, "estimate", 0.95),
    large_exact_p95_ms: msOf(large, "exact", 0.95),
    large_estimate_p95_ms: msOf(large, "estimate", 0.95),
    postgis_p50_ms: msOf(city, "postgis", 0.5),
    duckdb_p50_ms: msOf(city, "duckdb", 0.5),
    mismatches: sum(asked.map(wrong)),
    bound_violations: sum(asked.map(({ exact, estimate }) => boundViolations(estimate.answer, exact.answer))),
  };
  const polygons = asked.filter(({ question }) => question.kind === "city polygon");
  const more = {
    exact_boxes_p50_ms: msOf(boxes, "exact", 0.5),
    estimate_boxes_p50_ms: msOf(boxes, "estimate", 0.5),
    duckdb_boxes_p50_ms: msOf(boxes, "duckdb", 0.5),
    estimate_median_error: errorsOf(polygons),
  };
  return { answer, more };
}

/** One line for each kind of area and window. */
export function reportKinds(asked: readonly Asked[]): string {
  const ways = ["exact", "estimate", "duckdb", "postgis"] as const;
  const head = [
    "area",
    "window",
    "areas",
    "vertices",
    "trips",
    "error",
    ...ways.flatMap((way) => [`${way} p50`, "p95"]),
  ];
  const rows = KINDS.flatMap((kind) =>
    (["week", "quarter", "all"] as const).map((window) => {
      const some = asked.filter(({ question }) => question.kind === kind && question.window === window);
      const vertices = some.map(({ question }) => question.vertices);
      const error = errorsOf(some);
      return [
        ...[kind, window, some.length, `${Math.min(...vertices)}-${Math.max(...vertices)}`],
        Math.round(median(some.map(({ exact }) => exact.answer.trips))),
        error === null ? "" : `${digits(100 * error, 2)} %`,
        ...ways.flatMap((way) => [msOf(some, way, 0.5) ?? "", msOf(some, way, 0.95) ?? ""]),
      ];
    }),
  );
  return table(head, rows, 2);
}
