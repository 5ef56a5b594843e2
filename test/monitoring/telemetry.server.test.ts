import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { text } from "node:stream/consumers";
import { afterAll, beforeAll, expect, it } from "vitest";
import { freshDatabase, spawnService, type TestDatabase } from "../harness/index.ts";
import { postTrips } from "../service/trips.ts";

interface Span {
  traceId: string;
  spanId: string;
  parentSpanId?: string;
  name: string;
  attributes: { key: string; value: Record<string, unknown> }[];
}

const spans: Span[] = [];
const collector = createServer(async (request, response) => {
  const sent = JSON.parse(await text(request)) as { resourceSpans: { scopeSpans: { spans: Span[] }[] }[] };
  for (const { scopeSpans } of sent.resourceSpans) for (const scope of scopeSpans) spans.push(...scope.spans);
  response.writeHead(200, { "content-type": "application/json" }).end("{}");
});
let database: TestDatabase;
beforeAll(async () => {
  database = await freshDatabase();
  await new Promise<void>((resolve) => collector.listen(0, "127.0.0.1", resolve));
});
afterAll(async () => {
  collector.close();
  await database.drop();
});

const attribute = (span: Span | undefined, key: string) =>
  Object.values(span?.attributes.find((one) => one.key === key)?.value ?? {})[0];

it("a trace continues from its sender through the request to the statements, if the environment asks for it", async () => {
  const { port } = collector.address() as AddressInfo;
  const service = spawnService({
    ...database.env,
    OTEL_EXPORTER_OTLP_ENDPOINT: `http://127.0.0.1:${port}`,
    OTEL_EXPORTER_OTLP_PROTOCOL: "http/json",
  });
  const url = await service.listening();
  await postTrips(url, "traced");
  const traceId = "4bf92f3577b34da6a3ce929d0e0e4736";
  const parent = "00f067aa0ba902b7";
  const reply = await fetch(`${url}/v1/trips/nobody/nothing`, {
    headers: { traceparent: `00-${traceId}-${parent}-01` },
  });
  expect(reply.status).toBe(404);
  const requestId = reply.headers.get("x-request-id");
  service.kill("SIGTERM");
  expect((await service.exited).status).toBe(0);

  const ofTrace = spans.filter((span) => span.traceId === traceId);
  const server = ofTrace.find((span) => span.parentSpanId === parent);
  expect(server?.name).toBe("GET /v1/trips/{source}/{trip_id}");
  expect(attribute(server, "http.response.status_code")).toBe(404);
  expect(attribute(server, "tripgrid.request_id")).toBe(requestId);
  const statement = ofTrace.find((span) => span.parentSpanId === server?.spanId);
  expect(attribute(statement, "db.query.text")).toMatch(/tripgrid/);
  // Values stay out of traces.
  expect(JSON.stringify(statement)).not.toContain("nobody");
  const line = service.log().find((one) => one.request_id === requestId);
  expect(line).toMatchObject({ trace_id: traceId, status: 404, route: "/v1/trips/{source}/{trip_id}" });
  // A post is stored in a transaction.
  expect(spans.map(({ name }) => name)).toEqual(expect.arrayContaining(["POST /v1/trips", "transaction"]));
});
