import { pino } from "pino";
import { expect, it } from "vitest";
import { createRequestRecord } from "../../src/kit/request-record.ts";
import { createRequestLog } from "../../src/monitoring/request-log.ts";

function logged(level: string) {
  const lines: Record<string, unknown>[] = [];
  const write = createRequestLog(
    pino({ level, base: null, timestamp: false }, { write: (line) => lines.push(JSON.parse(line)) }),
  );
  return { lines, write };
}

it("a request is one line with its id, key, route, status, duration and rows, and not its address", () => {
  const { lines, write } = logged("info");
  const record = createRequestRecord({ client: "203.0.113.9", requestId: "r1" });
  Object.assign(record, { route: "/v1/trips/{source}/{trip_id}", rows: 3, actor: "fleet-a" });
  write({ record, method: "GET", status: 200, seconds: 0.0123456 });
  expect(lines).toEqual([
    {
      ...{ level: 30, msg: "request", request_id: "r1", key: "fleet-a", client: "203.0.113.9", rows: 3 },
      ...{ method: "GET", route: "/v1/trips/{source}/{trip_id}", status: 200, duration_ms: 12.35 },
    },
  ]);
});

it("probes that succeed are logged at debug only", () => {
  const probe = (status: number) => ({
    record: Object.assign(createRequestRecord(), { route: "/readyz" }),
    ...{ method: "GET", status, seconds: 0.001 },
  });
  const info = logged("info");
  for (const status of [200, 503]) info.write(probe(status));
  expect(info.lines).toMatchObject([{ status: 503 }]);
  const debug = logged("debug");
  debug.write(probe(200));
  expect(debug.lines).toMatchObject([{ level: 20, status: 200 }]);
});
