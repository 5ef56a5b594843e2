import { describe, expect, it } from "vitest";
import { as, type KeyOptions, makeKey } from "../auth/support.ts";
import { call, send, trip } from "../harness/api.ts";
import { startTestService, type TestService, useService } from "../harness/index.ts";

/** So long a window that nothing flows in while a test runs, however slow the machine is. */
const WINDOW_S = 1_000_000;
const SLOW = { requestsPerS: 0, rowsPerS: 0, bytesPerS: 0, windowS: WINDOW_S };

/** A service whose clients may ask this many times. */
const withRequests = (count: number, more = {}) =>
  startTestService({ rates: { ...SLOW, requestsPerS: count / WINDOW_S }, ...more });

const within = async (service: TestService, work: () => Promise<void>) => {
  try {
    await work();
  } finally {
    await service.stop();
  }
};

describe("the rate of a client", () => {
  it("is in every reply: to posts, questions, bad requests and unknown addresses", async () => {
    const service = await startTestService();
    await within(service, async () => {
      const paths = ["/v1/trips?limit=1", "/v1/trips?limit=0", "/nothing", "/openapi.json", "/vehicles", "/v1/regions"];
      const replies = [
        await send(service, [trip()]),
        ...(await Promise.all(paths.map((path) => call<unknown>(service, path)))),
      ];
      for (const { headers } of replies) {
        expect(headers.get("ratelimit-policy")).toContain(
          '"requests";q=20000;w=10, "rows";q=2000000;w=10;qu="rows", "bytes";q=1048576000;w=10;qu="content-bytes"',
        );
        expect(headers.get("ratelimit")).toMatch(/"requests";r=\d{5}, "rows";r=\d+, "bytes";r=\d+$/);
      }
      expect(replies[0]?.headers.get("ratelimit")).toMatch(/^"ingest";r=\d+, /);
      // Probes are never refused.
      expect((await call(service, "/livez")).headers.get("ratelimit")).toBeNull();
    });
  });

  it("without a credential is that of its address: one past the limit is refused, whatever it asks, but a probe", async () => {
    const service = await withRequests(5);
    await within(service, async () => {
      for (let i = 0; i < 4; i++) expect((await call(service, "/v1/trips/count?by=week")).status).toBe(200);
      expect((await send(service, [trip()])).status).toBe(200);
      for (const reply of [
        await call(service, "/v1/trips"),
        await send(service, [trip()]),
        await call(service, "/x"),
      ]) {
        expect([reply.status, (reply.body as { code?: string }).code]).toEqual([429, "too_many_requests"]);
        expect(Number(reply.headers.get("retry-after"))).toBeGreaterThan(0);
      }
      for (const path of ["/livez", "/readyz"]) expect((await call(service, path)).status).toBe(200);
    });
  });

  it("cannot be got around by a header that is no credential", async () => {
    const service = await withRequests(2);
    await within(service, async () => {
      const statuses: number[] = [];
      for (const header of ["Bearer x", "Basic x", "x", "y"]) {
        const headers = { authorization: header };
        for (const path of ["/v1/trips/count?by=week", "/openapi.json", "/nothing"]) {
          statuses.push((await call(service, path, { headers })).status);
        }
      }
      expect(statuses.slice(2)).toEqual(Array(10).fill(429));
    });
  });

  it("with a key is that of the key, and not of the address or of another key", async () => {
    const service = await withRequests(3);
    await within(service, async () => {
      const [a, b] = [
        as(service, (await makeKey(service, ["read"], { name: "a" })).key),
        as(service, (await makeKey(service, ["read"], { name: "b" })).key),
      ];
      for (let i = 0; i < 3; i++) expect((await a.get("/v1/trips/count?by=week")).status).toBe(200);
      const over = await a.get("/v1/trips/count?by=week");
      expect(over.status).toBe(429);
      expect(over.headers.get("ratelimit")).toBe(`"requests";r=0;t=${over.headers.get("retry-after")}`);
      expect((await b.get("/v1/trips/count?by=week")).status).toBe(200);
      // The commands of the process itself are not limited.
      for (let i = 0; i < 5; i++) expect((await as(service, service.ownKey).get("/v1/keys")).status).toBe(200);
    });
  });

  it("with a key that has limits of its own is what these say, lower or higher than those of all", async () => {
    const service = await withRequests(2);
    await within(service, async () => {
      const path = "/v1/trips/count?by=week";
      const withKey = async (limits: KeyOptions) =>
        as(service, (await makeKey(service, ["read", "ingest"], limits)).key);
      const many = await withKey({ max_requests_per_s: 4 / WINDOW_S });
      for (let i = 0; i < 4; i++) expect((await many.get(path)).status).toBe(200);
      const over = await many.get(path);
      expect([over.status, over.headers.get("ratelimit-policy")]).toEqual([429, `"requests";q=4;w=${WINDOW_S}`]);
      const any = await withKey({ max_requests_per_s: 0, max_rows_per_s: 1 / WINDOW_S });
      for (let i = 0; i < 5; i++) expect((await any.get(path)).status).toBe(200);
      const sent = await any.post("/v1/trips", [trip({ trip_id: "1" }), trip({ trip_id: "2" })]);
      expect([sent.status, sent.headers.get("ratelimit-policy")]).toEqual([
        200,
        expect.stringMatching(/^"ingest";\S+, "rows";q=1;w=\d+;qu="rows"$/),
      ]);
      expect((await any.get(path)).status).toBe(429);
      const one = await withKey({ max_requests_per_s: 1 / WINDOW_S });
      expect([(await one.get(path)).status, (await one.get(path)).status]).toEqual([200, 429]);
    });
  });

  it("counts rows that are sent and read, and bytes", async () => {
    const service = await startTestService({ rates: { ...SLOW, rowsPerS: 5 / WINDOW_S } });
    await within(service, async () => {
      const sent = await send(
        service,
        [1, 2, 3].map((n) => trip({ trip_id: `${n}` })),
      );
      expect(sent.status).toBe(200);
      expect((await call(service, "/v1/trips?limit=2")).status).toBe(200);
      expect((await call(service, "/v1/trips")).status).toBe(429);
    });
    const narrow = await startTestService({ rates: { ...SLOW, bytesPerS: 10_000 / WINDOW_S } });
    await within(narrow, async () => {
      expect((await send(narrow, [trip({ attributes: { long: "x".repeat(11_000) } })])).status).toBe(200);
      expect((await send(narrow, [trip()])).status).toBe(429);
    });
  });
});

describe("bad credentials", () => {
  const service = useService({ maxBadCredentials: 3 });

  it("are refused with a 429 from one past the limit on, before the database is asked", async () => {
    const good = await makeKey(service, ["read"], { name: "good" });
    const fresh = await makeKey(service, ["read"], { name: "fresh" });
    const path = "/v1/trips/count?by=week";
    expect((await as(service, good.key).get(path)).status).toBe(200);
    const bad = (n: number) => `e30.${Buffer.from(`${n}`).toString("base64url")}.x`;
    for (let i = 0; i < 3; i++) expect((await as(service, bad(i)).get(path)).status).toBe(401);
    const over = await as(service, bad(3)).get(path);
    expect([over.status, over.body.code]).toEqual([429, "too_many_requests"]);
    expect(Number(over.headers.get("retry-after"))).toBeGreaterThan(0);
    // A login is not looked at either.
    const login = { grant_type: "password", username: "nobody", password: "a wrong password" };
    expect((await as(service, undefined).post("/v1/tokens", login)).status).toBe(429);
    const [failures] = await service.sql<{ n: number }[]>`select count(*)::int as n from tripgrid.login_failures`;
    expect(failures?.n).toBe(0);
    // A key that was accepted before goes on, one that was never seen waits, and nothing is asked without one.
    expect((await as(service, good.key).get(path)).status).toBe(200);
    expect((await as(service, fresh.key).get(path)).status).toBe(429);
    expect((await as(service, undefined).get(path)).status).toBe(401);
    // A key that ends is no way around.
    await as(service, service.ownKey).delete(`/v1/keys/${good.key_id}`);
    expect((await as(service, good.key).get(path)).status).toBe(401);
    expect((await as(service, good.key).get(`${path}&limit=1`)).status).toBe(401);
  });
});
