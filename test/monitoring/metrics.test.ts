import { expect, it } from "vitest";
import { createRequestRecord } from "../../src/kit/request-record.ts";
import { createRoom } from "../../src/kit/room.ts";
import { createMetrics } from "../../src/monitoring/metrics.ts";

const status = async () => ({ lag_seconds: 3, weeks_behind: 2, trips_behind: 1 }) as never;
const reply = (method: string, code: number, known: object = {}) => ({
  record: Object.assign(createRequestRecord(), known),
  ...{ method, status: code, seconds: 0.02 },
});

it("the metrics tell of replies, refusals, connections, memory that is held, and the event loop", async () => {
  const room = createRoom(1024 * 1024);
  const metrics = createMetrics();
  metrics.watch({ rollupStatus: status, room, followers: () => ({ one_batch: 2, all_batches: 5 }) });
  const trips = { route: "/v1/trips", tag: "Ingest" };
  metrics.requests.replied(reply("POST", 200, trips));
  metrics.requests.replied(reply("POST", 429, trips));
  metrics.requests.replied(reply("BREW", 404));
  metrics.requests.replied(reply("POST", 401, { route: "/v1/tokens" }));
  metrics.requests.replied(reply("GET", 200, { route: "/v1/events", isStream: true }));
  const asked = { route: "/v1/weekly-averages", tag: "Answers", questionMethod: "estimate" };
  metrics.requests.replied(reply("GET", 200, asked));
  metrics.requests.refused("too_many_requests");
  metrics.requests.watch(() => 7);
  expect(room.hold("bodies").tryTake(1000)).toBe(true);
  // It is late by so much at least.
  const until = performance.now() + 300;
  await new Promise((turn) => setTimeout(turn, 30));
  while (performance.now() < until);
  await new Promise((turn) => setTimeout(turn, 30));
  const lines = (await metrics.read()).split("\n");
  expect(lines).toEqual(
    expect.arrayContaining([
      'tripgrid_http_requests_total{method="POST",route="/v1/trips",status="429"} 1',
      'tripgrid_http_requests_total{method="other",route="none",status="404"} 1',
      'tripgrid_http_request_duration_seconds_bucket{le="0.01",method="POST",route="/v1/trips"} 0',
      'tripgrid_http_request_duration_seconds_bucket{le="0.025",method="POST",route="/v1/trips"} 2',
      'tripgrid_question_duration_seconds_count{kind="GET /v1/weekly-averages",method="estimate"} 1',
      'tripgrid_rejected_logins_total{route="/v1/tokens"} 1',
      'tripgrid_http_refusals_total{code="too_many_requests"} 1',
      "tripgrid_http_connections 7",
      'tripgrid_held_bytes{purpose="bodies"} 1000',
      'tripgrid_event_followers{of="all_batches"} 5',
      "tripgrid_rollup_lag_seconds 3",
    ]),
  );
  expect(lines.some((line) => line.includes("duration_seconds") && line.includes("/v1/events"))).toBe(false);
  const worst = lines.find((line) => line.startsWith('tripgrid_event_loop_delay_seconds{quantile="1"}'));
  expect(Number(worst?.split(" ")[1])).toBeGreaterThan(0.1);
});

it("rows are counted by verdict and source, and by no more sources than a monitoring system likes", async () => {
  const metrics = createMetrics();
  const tally = (source: string | undefined) => ({ source, inserted: 2, duplicate: 0, rejected: 1 });
  metrics.ingest.stored([tally("a"), tally(undefined)]);
  for (let i = 0; i < 1000; i++) metrics.ingest.stored([tally(`s${i}`)]);
  metrics.ingest.stored([tally("a")]);
  const lines = (await metrics.read()).split("\n").filter((line) => line.startsWith("tripgrid_rows_total{"));
  expect(lines).toContain('tripgrid_rows_total{verdict="inserted",source="a"} 4');
  expect(lines).toContain('tripgrid_rows_total{verdict="rejected",source="unknown"} 1');
  expect(lines).toContain('tripgrid_rows_total{verdict="rejected",source="other"} 802');
  // Two verdicts of 200 sources and of all others together; a verdict that no row had is not shown.
  expect(lines).toHaveLength(402);
});

it("a database that hangs is left out of the metrics", { timeout: 60_000 }, async () => {
  const metrics = createMetrics();
  const hangs = () => new Promise<never>(() => {});
  metrics.watch({ rollupStatus: hangs, queueStatus: hangs, databaseSize: hangs });
  const text = await metrics.read();
  expect(text).toContain("tripgrid_http_connections 0");
  expect(text).not.toMatch(/^tripgrid_(rollup_lag_seconds|queue_batches|database_bytes)\b.* \d/m);
});
