import { OpenAPIHono } from "@hono/zod-openapi";
import { beforeEach, describe, expect, it } from "vitest";
import { add } from "../../src/kit/endpoint.http.ts";
import { onError } from "../../src/kit/on-error.http.ts";
import { createRoom } from "../../src/kit/room.ts";
import type { PutMapping, StoredMapping } from "../../src/mappings/mapping.ts";
import { mappingFrom } from "../../src/mappings/mapping-definition.ts";
import { endpoints } from "../../src/mappings/mappings.http.ts";

const stored = new Map<string, StoredMapping>();
const time = "2018-05-21T00:54:04Z";
const app = new OpenAPIHono();
app.onError(onError(() => {}, { maxVertices: 50_000, maxFaults: 10, maxNameLength: 100 }));
app.use(async (c, next) => {
  c.set("bodies", {
    room: createRoom(16 * 1024 * 1024),
    maxBytes: 1024 * 1024,
    minBytesPerS: 0,
    maxVertices: 1000,
    checkQuestion: () => {},
  });
  await next();
});
const calls = {
  putMapping: async (given: Parameters<PutMapping>[0]) => {
    const created = !stored.has(given.name);
    const mapping = { ...given, builtIn: false, createdAt: time, updatedAt: time };
    stored.set(given.name, mapping);
    return { mapping, created };
  },
  findMapping: async (name: string) => stored.get(name),
  listMappings: async () => [...stored.values()],
  deleteMapping: async (name: string) => stored.delete(name),
};
for (const endpoint of endpoints(calls)) add(app, endpoint, () => {});

async function ask(method: string, path: string, body?: unknown) {
  const reply = await app.request(path, { method, ...(body === undefined ? {} : { body: JSON.stringify(body) }) });
  const text = await reply.text();
  return { status: reply.status, body: text === "" ? undefined : JSON.parse(text) };
}

const definition = { columns: { s: "source", t: "started_at", p: { to: "origin", form: "lat_lon" } } };
const defaults = { time_formats: ["iso"], other_columns: "attributes" };
const about = { name: "bikes", built_in: false, created_at: time, updated_at: time };

beforeEach(() => stored.clear());

describe("/v1/mappings", () => {
  it("defines a mapping with a 201, replaces it with a 200, and gives it as it is", async () => {
    const expected = { ...about, ...definition, ...defaults };
    expect(await ask("PUT", "/v1/mappings/bikes", definition)).toEqual({ status: 201, body: expected });
    expect(await ask("GET", "/v1/mappings/bikes")).toEqual({ status: 200, body: expected });
    const changed = { ...expected, other_columns: "drop" };
    expect(await ask("PUT", "/v1/mappings/bikes", changed)).toEqual({ status: 200, body: changed });
    expect(await ask("GET", "/v1/mappings")).toEqual({ status: 200, body: { mappings: [changed] } });
  });

  it.each([[["unix"]], [["YYYY-MM-DD HH:MM VV"]]])(
    "refuses a time zone beside %j, where it changes nothing, and reads one that is stored",
    async (time_formats) => {
      const useless = { ...definition, time_formats, time_zone: "UTC" };
      expect(await ask("PUT", "/v1/mappings/bikes", useless)).toMatchObject({
        status: 400,
        body: { errors: [{ field: "time_zone", detail: expect.stringMatching(/^it changes nothing/) }] },
      });
      expect(mappingFrom("bikes", useless).timeZone).toBe("UTC");
    },
  );

  it("forgets a mapping, once", async () => {
    await ask("PUT", "/v1/mappings/bikes", definition);
    expect(await ask("DELETE", "/v1/mappings/bikes")).toEqual({ status: 204, body: undefined });
    for (const method of ["GET", "DELETE"]) {
      expect(await ask(method, "/v1/mappings/bikes")).toMatchObject({ status: 404, body: { code: "not_found" } });
    }
  });

  it.each<[string, unknown, string]>([
    ["a fault of a rule", { columns: { ...definition.columns, x: "y" } }, "columns.x.to"],
    ["another name than in the address", { ...definition, name: "cars" }, "name"],
    ["no object", [], ""],
    ["an unknown member", { ...definition, colums: {} }, "colums"],
  ])("refuses %s with its path", async (_, body, field) => {
    const reply = await ask("PUT", "/v1/mappings/bikes", body);
    expect(reply).toMatchObject({ status: 400, body: { code: "invalid_body", errors: [{ field }] } });
    expect(stored.size).toBe(0);
  });

  it.each(["..x", ".hidden", "a b", "a/b", "x".repeat(101), "é"])(
    "refuses the name %j, which is no folder's",
    async (name) => {
      for (const method of ["PUT", "GET", "DELETE"]) {
        const reply = await ask(
          method,
          `/v1/mappings/${encodeURIComponent(name)}`,
          method === "PUT" ? definition : undefined,
        );
        // A step of a path is resolved before it gets here.
        if (name === "..") expect([400, 404]).toContain(reply.status);
        else
          expect(reply).toMatchObject({
            status: 400,
            body: { code: "invalid_parameter", errors: [{ field: "name" }] },
          });
      }
    },
  );

  it("refuses an unknown parameter", async () => {
    expect((await ask("PUT", "/v1/mappings/bikes?zone=UTC", definition)).status).toBe(400);
  });
});
