import { expect, it } from "vitest";
import { call, send, trip } from "../harness/api.ts";
import { freePort, startTestService, useService } from "../harness/index.ts";

const service = useService();

/** The value of a figure that the service shows. */
async function figure(name: string, url = service.url): Promise<number | undefined> {
  const text = await (await fetch(`${url}/metrics`)).text();
  const line = text.split("\n").find((one) => one.startsWith(`${name} `));
  return line === undefined ? undefined : Number(line.slice(name.length));
}

it("counts the rows of each source by their verdicts, once", async () => {
  const trips = [
    trip({ trip_id: "1", source: "m" }),
    trip({ trip_id: "2", source: "m" }),
    trip({ trip_id: "2", source: "m" }),
  ];
  const rows = [...trips, trip({ source: "m", origin: null }), trip({ trip_id: "1", source: "n" }), 5];
  const headers = { "idempotency-key": "counted once" };
  // The second one gets the receipt of the first.
  for (const _ of [1, 2]) expect((await send(service, rows, { headers })).body).toMatchObject({ received: 6 });
  const of = (verdict: string, source: string) =>
    figure(`tripgrid_rows_total{verdict="${verdict}",source="${source}"}`);
  expect(await Promise.all([of("inserted", "m"), of("duplicate", "m"), of("rejected", "m")])).toEqual([2, 1, 1]);
  expect(await Promise.all([of("inserted", "n"), of("rejected", "unknown")])).toEqual([1, 1]);
  expect(await figure('tripgrid_commit_duration_seconds_count{kind="requests"}')).toBe(2);
  expect(await figure('tripgrid_http_requests_total{method="POST",route="/v1/trips",status="200"}')).toBe(2);
});

it("counts the rows of a queued batch too, and shows the queue and the database", async () => {
  const csv = "source,started_at,origin_lon,origin_lat\nq,2018-05-21T08:00:00,7.6,45\nq,2018-05-21T08:00:00,7.6,95\n";
  const { body } = await send(service, csv, { type: "text/csv", headers: { prefer: "respond-async" } });
  const state = async () => (await call<{ state: string }>(service, `/v1/batches/${body.batch_id}`)).body.state;
  await expect.poll(state, { timeout: 300_000 }).toBe("committed");
  const counted = () => figure('tripgrid_rows_total{verdict="inserted",source="q"}');
  await expect.poll(counted, { timeout: 60_000 }).toBe(1);
  expect(await figure('tripgrid_rows_total{verdict="rejected",source="q"}')).toBe(1);
  expect(await figure('tripgrid_queue_batches{state="queued"}')).toBe(0);
  expect(await figure("tripgrid_queue_oldest_seconds")).toBe(0);
  expect(await figure("tripgrid_database_bytes")).toBeGreaterThan(1e6);
});

it("names the parts of a service that is ready", async () => {
  const { status, body } = await call<unknown>(service, "/readyz");
  expect([status, body]).toEqual([200, { status: "ok", parts: { database: "ready", process: "ready" } }]);
});

it("shows them only on a port of their own where one is set", async () => {
  const metricsPort = await freePort();
  const other = await startTestService({ metricsPort });
  try {
    expect((await fetch(`${other.url}/metrics`)).status).toBe(404);
    expect(await figure("tripgrid_http_connections", `http://127.0.0.1:${metricsPort}`)).toBeGreaterThan(0);
    expect((await fetch(`http://127.0.0.1:${metricsPort}/v1/trips`)).status).toBe(404);
  } finally {
    await other.stop();
  }
  await expect(fetch(`http://127.0.0.1:${metricsPort}/metrics`)).rejects.toThrow();
});
