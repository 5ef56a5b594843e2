import { Hono } from "hono";
import { expect, it } from "vitest";
import type { AuditEntry } from "../../src/audit/audit.ts";
import { withAudit } from "../../src/audit/with-audit.http.ts";
import type { Endpoint } from "../../src/kit/endpoint.http.ts";
import { createRequestRecord, note, recordedBy } from "../../src/kit/request-record.ts";

const record = createRequestRecord({ client: "203.0.113.9", requestId: "r1" });
const entries: AuditEntry[] = [];

/** Asks an endpoint whose caller is known, and gives what was recorded of it. */
async function audited(
  endpoint: Pick<Endpoint, "handle" | "audited"> & { method: "get" | "post" | "delete" },
  path = "/v1/things/a%20b",
) {
  const { method, handle, ...more } = endpoint;
  const app = new Hono();
  const route: Endpoint["route"] = { method, path: "/v1/things/{name}", responses: {} };
  const asked = withAudit({ scope: "public", route, handle, ...more }, async (entry) => void entries.push(entry));
  app.on(method.toUpperCase(), "/v1/things/:name", asked.handle);
  entries.length = 0;
  await recordedBy(record, () => {
    note({ actor: "ops" });
    return app.request(path, { method: method.toUpperCase() });
  });
  return [...entries];
}

const known = { actor: "ops", client: "203.0.113.9", request_id: "r1" };

it("a change is recorded with who made it, on what, and under which id", async () => {
  const entry = { ...known, action: "DELETE /v1/things/{name}", target: "/v1/things/a%20b", status: 204 };
  expect(await audited({ method: "delete", handle: (c) => c.body(null, 204) })).toEqual([entry]);
});

it("a created object is recorded with its address", async () => {
  const handle: Endpoint["handle"] = (c) => c.json({}, 201, { location: "/v1/things/7" });
  expect(await audited({ method: "post", audited: true, handle })).toMatchObject([
    { target: "/v1/things/7", status: 201 },
  ]);
  expect(await audited({ method: "post", handle })).toEqual([]);
});

it("a refusal and a question are not recorded, and a target has a bound", async () => {
  expect(await audited({ method: "delete", handle: (c) => c.json({}, 404) })).toEqual([]);
  expect(await audited({ method: "get", handle: (c) => c.json({}) })).toEqual([]);
  const [long] = await audited(
    { method: "delete", handle: (c) => c.body(null, 204) },
    `/v1/things/${"x".repeat(2000)}`,
  );
  expect(long?.target).toHaveLength(500);
});
