import { describe, expect, it } from "vitest";
import { type AppDeps, createApp } from "../src/app.ts";
import { AppError, ERRORS } from "../src/errors.ts";
import { createRoom } from "../src/kit/room.ts";
import type { StoredTrip } from "../src/trips/trip.ts";

const refuse = () => Promise.reject(new Error("this test does not get so far"));

/** The API with functions that do nothing, but for those given. */
function appWith(given: Partial<AppDeps> = {}) {
  const logged: unknown[] = [];
  const known: Partial<AppDeps> = {
    bodies: {
      room: createRoom(16 * 1024 * 1024),
      maxBytes: 1024 * 1024,
      minBytesPerS: 0,
      maxVertices: 1000,
      checkQuestion: () => {},
    },
    rateLimits: () => ({ requests: 5, remaining: 5 }),
    logError: (error) => logged.push(error),
    version: "0.0.0",
    guard: () => {},
    ...given,
  };
  const app = createApp(new Proxy(known, { get: (all, name) => Reflect.get(all, name) ?? refuse }) as AppDeps);
  const ask = async (path: string, init?: RequestInit) => {
    const reply = await app.request(path, init);
    return { reply, body: (await reply.json()) as Record<string, unknown> };
  };
  return { ask, logged };
}

describe("an error", () => {
  it("of ours shows nothing of itself and is written down", async () => {
    const error = Object.assign(new Error('relation "tripgrid.trips" does not exist'), { code: "42P01" });
    const { ask, logged } = appWith({ listRegions: () => Promise.reject(error) });
    const { reply, body } = await ask("/v1/regions");
    expect(reply.status).toBe(500);
    expect(reply.headers.get("content-type")).toBe("application/problem+json");
    expect(body).toEqual({
      type: "urn:tripgrid:problem:internal",
      title: "Internal error",
      status: 500,
      code: "internal",
      detail: "Something went wrong here, not with the request.",
    });
    expect(logged).toEqual([error]);
  });

  it("of a database that is away says when to come again, and is written down with its cause", async () => {
    const cause = new Error("connect ECONNREFUSED 10.0.0.1:5432");
    const away = new AppError("database_unavailable", "Away.", {}, { cause, retryAfterSeconds: 2 });
    const { ask, logged } = appWith({ ping: () => Promise.reject(away), isStopping: () => false });
    const { reply, body } = await ask("/readyz");
    expect(reply.status).toBe(503);
    expect(reply.headers.get("retry-after")).toBe("2");
    expect(JSON.stringify(body)).not.toContain("ECONNREFUSED");
    expect(body.parts).toEqual({ database: "database_unavailable", process: "ready" });
    expect(logged).toEqual([cause]);
    expect((await ask("/livez")).reply.status).toBe(200);
  });

  it.each(Object.entries(ERRORS))("%s has its own status and title", async (code, { status, title }) => {
    const { ask } = appWith({
      listRegions: () => Promise.reject(new AppError(code as never, "So it is.", { more: 1 })),
    });
    const { reply, body } = await ask("/v1/regions");
    expect(reply.status).toBe(status);
    expect(body).toEqual({ type: `urn:tripgrid:problem:${code}`, title, status, code, detail: "So it is.", more: 1 });
  });

  it("is a 404 for an address that there is not, whatever the method", async () => {
    const { ask } = appWith();
    for (const [method, path] of [
      ["GET", "/v2/trips"],
      ["PUT", "/v1/trips"],
      ["DELETE", "/v1/weekly-averages"],
    ] as const) {
      const { reply, body } = await ask(path, { method });
      expect(reply.status).toBe(404);
      expect(body).toMatchObject({ code: "not_found", detail: `There is nothing at ${method} ${path}.` });
    }
  });
});

describe("a query", () => {
  it.each([
    ["/v1/trips?limt=5", "limt"],
    ["/v1/trips?limit=0", "limit"],
    ["/v1/trips?limit=1001", "limit"],
    ["/v1/trips?limit=5&limit=6", "limit"],
    ["/v1/trips?date=2018-02-30", "date"],
    ["/v1/trips?date=2018-05-21&from=2018-05-01", "date"],
    ["/v1/trips?from=2018-05-22&to=2018-05-21", "from"],
    ["/v1/trips?match=middle", "match"],
    ["/v1/trips?region=%00", "region"],
    ["/v1/trips?bbox=1,2,3", "bbox"],
    ["/v1/trips?bbox=1,2,3,4&boundary=Turin", "boundary"],
    ["/v1/trips/count", "by"],
    ["/v1/trips/count?by=", "by"],
    ["/v1/trips/count?by=region,region", "by"],
    ["/v1/trips/count?by=region,week,hour", "by"],
    ["/v1/trips/s/1?local_time=2018-05-21T00:00:00Z", "local_time"],
    ["/v1/weekly-averages?hours=24", "hours"],
    ["/v1/weekly-averages?days=monday", "days"],
    ["/v1/weekly-averages?method=guess", "method"],
    ["/v1/weekly-averages?from=2018-5-1", "from"],
    ["/v1/weekly-averages/by-region?region=Turin", "region"],
  ])("%s is refused by the name of its parameter", async (path, field) => {
    const { reply, body } = await appWith().ask(path);
    expect(reply.status).toBe(400);
    expect(body).toMatchObject({ code: "invalid_parameter", errors: [{ field, detail: expect.stringMatching(/.+/) }] });
  });

  it.each([
    ["not JSON", "{", "invalid_json"],
    ["an unknown member", '{"area": {}, "regoin": "x"}', "invalid_body"],
    ["no area", "{}", "invalid_body"],
    ["an area that is none", '{"area": 5}', "invalid_area"],
    ["a list", "[]", "invalid_body"],
  ])("in a body is refused with %s", async (_, body, code) => {
    const { body: problem } = await appWith().ask("/v1/weekly-averages", { method: "POST", body });
    expect(problem).toMatchObject({ code });
  });

  it("in a body over 16 MB is refused, announced or not", async () => {
    const { ask } = appWith();
    const announced = await ask("/v1/weekly-averages", {
      method: "POST",
      headers: { "content-length": String(17 * 1024 * 1024) },
      body: "{}",
    });
    expect(announced.reply.status).toBe(413);
    const endless = new ReadableStream({ pull: (controller) => controller.enqueue(new Uint8Array(1024 * 1024)) });
    const init = { method: "POST", body: endless, duplex: "half" };
    const { reply, body } = await ask("/v1/weekly-averages", init as RequestInit);
    expect([reply.status, body.code]).toEqual([413, "body_too_large"]);
  });
});

describe("an id that was used at several times", () => {
  it("is answered with the times, which are asked for alone", async () => {
    const times = ["2018-05-21T08:00:00", "2018-05-22T08:00:00", "2018-05-23T08:00:00"];
    const asked: unknown[] = [];
    const { ask } = appWith({
      exposeTrips: true,
      findTrips: async () => times.slice(0, 2).map((local_time) => ({ local_time }) as StoredTrip),
      findLocalTimes: async (...address) => {
        asked.push(address);
        return times;
      },
    });
    const { reply, body } = await ask("/v1/trips/s/a");
    expect([reply.status, body.code, body.local_times]).toEqual([409, "ambiguous_trip", times]);
    expect(asked).toEqual([["s", "a"]]);
  });
});
