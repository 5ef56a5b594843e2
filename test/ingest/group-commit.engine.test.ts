import { Agent, request } from "node:http";
import { beforeAll, describe, expect, it } from "vitest";
import type { Receipt } from "../../src/batches/receipt.ts";
import { call, callJson, countOf, type Problem, type Reply, send, trip } from "../harness/api.ts";
import { engine, freshDatabase, startTestService, useService } from "../harness/index.ts";

const POLICY = (requests: number) => `"ingest";q=${requests};qu="concurrent-requests"`;

/** Transactions that stored the trips of a source. */
async function transactions(sql: ReturnType<typeof useService>["sql"], source: string): Promise<number> {
  const [row] = await sql<{ count: number }[]>`
    select count(distinct xmin::text) from tripgrid.trips where source = ${source}`;
  return row?.count ?? Number.NaN;
}

/** Many posts at once, each by a client of its own. */
async function postAll(url: string, bodies: readonly unknown[]): Promise<Reply<Receipt>[]> {
  const agent = new Agent({ maxSockets: bodies.length });
  const post = (body: unknown) =>
    new Promise<Reply<Receipt>>((resolve, reject) => {
      const call = request(`${url}/v1/trips`, {
        method: "POST",
        agent,
        headers: { "content-type": "application/json" },
      });
      call.on("error", reject).on("response", async (response) => {
        const text = (await response.setEncoding("utf8").toArray()).join("");
        resolve({ status: response.statusCode ?? 0, headers: new Headers(), body: JSON.parse(text) });
      });
      call.end(JSON.stringify(body));
    });
  const replies = await Promise.all(bodies.map(post));
  agent.destroy();
  return replies;
}

describe("many senders of one trip each at the same time", () => {
  // Longer than it takes this process to send them all, however slow it is; the default is too short to tell.
  const service = useService({ groupCommitMs: 3000 });
  // With partitions and names that are known: who makes them has more to commit.
  beforeAll(async () => void (await send(service, trip({ source: "first", region: "r" }))));

  it("share a few commits, and get a receipt each", async () => {
    const bodies = Array.from({ length: 200 }, (_, i) => trip({ source: "many", region: "r", trip_id: `t${i}` }));
    const replies = await postAll(service.url, bodies);
    expect(new Set(replies.map(({ status }) => status))).toEqual(new Set([200]));
    for (const { body } of replies) expect([body.state, body.received, body.inserted]).toEqual(["committed", 1, 1]);
    expect(new Set(replies.map(({ body }) => body.batch_id)).size).toBe(200);
    expect(await countOf(service, "many")).toBe(200);
    expect(await transactions(service.sql, "many")).toBeLessThanOrEqual(10);
    const some = replies.filter((_, i) => i % 40 === 0);
    for (const { body } of some) {
      expect((await call<Receipt>(service, `/v1/batches/${body.batch_id}`)).body).toEqual(body);
    }
  });

  it("are told of their own rows only, also where several send the same trip", async () => {
    const bodies = Array.from({ length: 60 }, (_, i) => [
      trip({ source: "own rows", trip_id: `t${i % 20}` }),
      ...(i % 3 === 0 ? [trip({ source: "own rows", trip_id: `b${i}`, origin: [0, 99] }), 5] : []),
    ]);
    const replies = await postAll(service.url, bodies);
    expect(replies.map(({ body }) => [body.received, body.rejected])).toEqual(
      bodies.map((_, i) => (i % 3 === 0 ? [3, 2] : [1, 0])),
    );
    expect(replies.reduce((sum, { body }) => sum + body.inserted, 0)).toBe(20);
    expect(replies.reduce((sum, { body }) => sum + body.duplicates, 0)).toBe(40);
    expect(replies[3]?.body.rejects.map(({ row, trip_id }) => [row, trip_id])).toEqual([
      [2, "b3"],
      [3, null],
    ]);
    const kept = await service.sql`
      select array_agg(row order by row) as rows from tripgrid.rejected_rows
      where batch_id = any (${replies.map(({ body }) => body.batch_id)}) group by batch_id`;
    expect(kept.map(({ rows }) => rows)).toEqual(Array(20).fill([2, 3]));
  });

  it("are warned of their own rows only", async () => {
    const square = [
      [7.5, 45],
      [7.8, 45],
      [7.8, 45.2],
      [7.5, 45.2],
      [7.5, 45],
    ];
    await callJson(service, "PUT", "/v1/regions/Square", { type: "Polygon", coordinates: [square] });
    const bodies = Array.from({ length: 40 }, (_, i) => [
      trip({ source: "warned", region: "Square", trip_id: `w${i}`, origin: i % 4 === 0 ? [8.5, 45.1] : [7.6, 45.1] }),
      // Without an id, so that the second one is taken as the first one sent again.
      ...(i % 5 === 0
        ? [1, 2].map(() => ({ source: "warned", started_at: `2018-05-21T08:00:${10 + i}`, origin: [7.6, 45.1] }))
        : []),
    ]);
    const replies = await postAll(service.url, bodies);
    const warned = (code: string) =>
      replies.map(({ body }) => body.warnings?.find((one) => one.code === code)?.rows ?? 0);
    expect(warned("outside_boundary")).toEqual(bodies.map((_, i) => (i % 4 === 0 ? 1 : 0)));
    expect(warned("equal_rows")).toEqual(bodies.map((_, i) => (i % 5 === 0 ? 1 : 0)));
  });

  it("of which some send no trip at all are not held up by these", async () => {
    const bad = trip({ source: "bad row", origin: null });
    const bodies = Array.from({ length: 30 }, (_, i) =>
      i % 5 === 0 ? bad : trip({ source: "bad row", trip_id: `${i}` }),
    );
    const replies = await postAll(service.url, [...bodies, "no body", []]);
    expect(replies.map(({ status }) => status)).toEqual([...bodies.map((_, i) => (i % 5 === 0 ? 422 : 200)), 400, 422]);
    expect(await countOf(service, "bad row")).toBe(24);
  });

  it("of which the database refuses one are stored all the same", async () => {
    // What is refused here would be a fault of ours: nobody knows of one that gets past the way in.
    await service.sql`alter table tripgrid.trips add constraint refused check (driver_id <> 'refused') not valid`;
    try {
      const bodies = Array.from({ length: 20 }, (_, i) =>
        trip({ source: "refused", region: "r", trip_id: `${i}`, driver_id: i === 7 ? "refused" : `d${i}` }),
      );
      const replies = await postAll(service.url, bodies);
      expect(replies.map(({ status }) => status)).toEqual(bodies.map((_, i) => (i === 7 ? 500 : 200)));
      expect(replies[7]?.body).toMatchObject({ code: "internal" });
      expect(JSON.stringify(replies[7]?.body)).not.toContain("constraint");
      expect(await countOf(service, "refused")).toBe(19);
    } finally {
      await service.sql`alter table tripgrid.trips drop constraint refused`;
    }
  });

  it("with one idempotency key for other trips each: one is stored, the others are refused", async () => {
    const sent = Array.from({ length: 8 }, (_, i) =>
      send<Receipt & Problem>(service, trip({ source: "one key", trip_id: `t${i}` }), {
        headers: { "idempotency-key": "one key" },
      }),
    );
    const replies = await Promise.all(sent);
    const [stored, ...more] = replies.filter(({ status }) => status === 200);
    expect(more).toEqual([]);
    const refused = replies.filter(({ status }) => status === 422);
    expect(refused.map(({ body }) => [body.code, body.batch_id])).toEqual(
      Array(7).fill(["idempotency_key_reused", stored?.body.batch_id]),
    );
    expect(await countOf(service, "one key")).toBe(1);
    // And so it is for whoever comes later.
    const later = await send<Problem>(service, trip({ source: "one key", trip_id: "later" }), {
      headers: { "idempotency-key": "one key" },
    });
    expect([later.status, later.body.batch_id]).toEqual([422, stored?.body.batch_id]);
  });

  it("and a large batch among them do not wait for each other's commit", async () => {
    const large = Array.from({ length: 3000 }, (_, i) => trip({ source: "large", trip_id: `t${i}` }));
    const replies = await postAll(service.url, [
      large,
      ...Array.from({ length: 20 }, (_, i) => trip({ source: "beside", trip_id: `t${i}` })),
    ]);
    expect(replies.map(({ body }) => body.inserted)).toEqual([3000, ...Array(20).fill(1)]);
    const [shared] = await service.sql<{ count: number }[]>`
      select count(*) from (select xmin::text from tripgrid.trips where source = 'large'
                            intersect select xmin::text from tripgrid.trips where source = 'beside') both_sources`;
    expect(shared?.count).toBe(0);
  });
});

it.skipIf(engine === "embedded")(
  "two services on one database store each trip once, and queued batches once",
  async () => {
    const database = await freshDatabase();
    const one = await startTestService({}, { ...database, drop: async () => {} });
    const two = await startTestService({}, database).catch(async (error) => {
      await one.stop();
      throw error;
    });
    try {
      const trips = Array.from({ length: 100 }, (_, i) =>
        trip({ source: "two", region: `r${i % 9}`, trip_id: `t${i}` }),
      );
      const replies = (await Promise.all([one, two].map(({ url }) => postAll(url, trips)))).flat();
      expect(new Set(replies.map(({ status }) => status))).toEqual(new Set([200]));
      expect(replies.reduce((sum, { body }) => sum + body.inserted, 0)).toBe(100);
      expect(await countOf(one, "two")).toBe(100);

      const large = (batch: number) =>
        Array.from({ length: 6000 }, (_, i) => trip({ source: "queued", trip_id: `t${batch}/${i}` }));
      const queued = await Promise.all(
        [one, two, one, two, one, two].map((service, batch) =>
          send(service, large(batch), { headers: { prefer: "respond-async" } }),
        ),
      );
      expect(queued.map(({ status }) => status)).toEqual(Array(6).fill(202));
      for (const { body } of queued) {
        let receipt = body;
        await expect
          .poll(
            async () => {
              receipt = (await call<Receipt>(two, `/v1/batches/${body.batch_id}`)).body;
              return receipt.state;
            },
            { timeout: 100_000 },
          )
          .toBe("committed");
        expect(receipt).toMatchObject({ received: 6000, inserted: 6000, duplicates: 0 });
      }
      expect(await countOf(one, "queued")).toBe(36_000);
    } finally {
      await one.stop();
      await two.stop();
    }
  },
);

describe("how many requests may be under way", () => {
  const service = useService({ maxRequests: 2, maxBodyBytes: 1024 * 1024 });

  it.each<[string, number, unknown, Parameters<typeof send>[2]?]>([
    ["a receipt", 200, trip({ source: "limits" })],
    ["a receipt of a batch that is queued", 202, trip({ source: "limits" }), { headers: { prefer: "respond-async" } }],
    ["no trip", 422, trip({ source: "limits", origin: null })],
    ["no JSON", 400, "{", { type: "application/json" }],
    ["a wrong parameter", 400, trip(), { query: "identity=nobody" }],
    ["no gzip", 400, "x", { headers: { "content-encoding": "gzip" } }],
    ["another encoding", 415, "x", { headers: { "content-encoding": "br" } }],
    ["a body too large", 413, " ".repeat(2 * 1024 * 1024)],
  ])("is told with every reply: %s", async (_, status, body, options) => {
    const reply = await send(service, body, options);
    expect(reply.status).toBe(status);
    expect(reply.headers.get("ratelimit-policy")?.split(", ")[0]).toBe(POLICY(2));
    expect(reply.headers.get("ratelimit")?.split(", ")[0]).toBe('"ingest";r=2');
  });

  /** A request of which only the first part is sent; its status, once there is a reply. */
  function begin() {
    const body = JSON.stringify(trip({ source: "slow" }));
    const headers = { "content-type": "application/json", "content-length": body.length };
    const call = request(`${service.url}/v1/trips`, { method: "POST", agent: false, headers });
    const slow: { status?: number } = {};
    const reply = new Promise<number | string>((resolve) => {
      call.on("error", (error) => resolve(error.message));
      call.on("response", (response) => {
        slow.status = response.resume().statusCode ?? 0;
        resolve(slow.status);
      });
    });
    call.write(body.slice(0, 10));
    return Object.assign(slow, { call, reply, end: () => call.end(body.slice(10)) });
  }

  /** Two that are under way, and the refusal of a third one. */
  async function fill() {
    const slow = [begin(), begin()];
    let refused: Reply<Problem> | undefined;
    const isFull = async () => {
      refused = await send<Problem>(service, trip({ source: "over" }));
      // The one that asks may have come first.
      for (const [i, { status }] of slow.entries()) if (status === 429) slow[i] = begin();
      return refused.status === 429;
    };
    await expect.poll(isFull, { timeout: 60_000 }).toBe(true);
    return { slow, refused };
  }

  it("is kept to: one over it is sent away at once, and told when to come again", async () => {
    const { slow, refused } = await fill();
    expect(refused?.body.code).toBe("too_many_requests");
    expect(refused?.headers.get("content-type")).toBe("application/problem+json");
    expect(refused?.headers.get("retry-after")).toBe("1");
    expect(refused?.headers.get("ratelimit")?.split(", ")[0]).toBe('"ingest";r=0');
    // So is one that has not sent all of its body yet; and whoever brings no trips is not concerned.
    expect(await begin().reply).toBe(429);
    expect((await call(service, "/v1/regions")).status).toBe(200);
    for (const { end } of slow) end();
    expect(await Promise.all(slow.map(({ reply }) => reply))).toEqual([200, 200]);
    const after = await send(service, trip({ source: "over", trip_id: "after" }));
    expect([after.status, after.headers.get("ratelimit")?.split(", ")[0]]).toEqual([200, '"ingest";r=2']);
  });

  it("does not count requests whose sender has gone away", async () => {
    for (let i = 0; i < 3; i++) {
      const { slow } = await fill();
      for (const { call } of slow) call.destroy();
      const full = async () => (await send(service, trip({ source: "gone" }))).headers.get("ratelimit")?.split(", ")[0];
      await expect.poll(full, { timeout: 60_000 }).toBe('"ingest";r=2');
    }
  });
});
