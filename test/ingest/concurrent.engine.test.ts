import { describe, expect, it } from "vitest";
import { countOf, listIds, send, trip } from "../harness/api.ts";
import { useService } from "../harness/index.ts";

const service = useService();

/** Over years, so that several batches make the same partitions at once. */
const trips = (source: string, n: number) =>
  Array.from({ length: n }, (_, i) =>
    trip({ source, trip_id: `t${i}`, region: `r${i % 7}`, started_at: `20${10 + (i % 9)}-05-21T08:00:00` }),
  );

describe("batches that arrive at once", () => {
  it("with the same trips in opposite orders store each of them once", async () => {
    const all = trips("opposite", 400);
    const sent = Array.from({ length: 8 }, (_, i) => send(service, i % 2 ? all : all.toReversed()));
    const replies = await Promise.all(sent);
    expect(replies.map(({ status }) => status)).toEqual(Array(8).fill(200));
    for (const { body } of replies) {
      expect(body.received).toBe(body.inserted + body.duplicates + body.rejected);
    }
    expect(replies.reduce((sum, { body }) => sum + body.inserted, 0)).toBe(400);
    expect(await countOf(service, "opposite")).toBe(400);
  });

  it("in more rows than one statement takes, in opposite orders, store each trip once", async () => {
    const all = trips("large", 12_000);
    // With names that are known already: a new one makes the others wait for the first.
    await send(service, all.slice(0, 9));
    const sent = Array.from({ length: 4 }, (_, i) => send(service, i % 2 ? all : all.toReversed()));
    const replies = await Promise.all(sent);
    expect(replies.map(({ status }) => status)).toEqual(Array(4).fill(200));
    expect(replies.reduce((sum, { body }) => sum + body.inserted, 0)).toBe(12_000 - 9);
    expect(await countOf(service, "large")).toBe(12_000);
    // A deadlock is tried again, a second later each time, so it need not show in a reply.
    const [row] = await service.sql`select deadlocks from pg_stat_database where datname = current_database()`;
    expect(row?.deadlocks).toBe(0);
  });

  it("and overlap store each trip once, and every receipt tells the truth", async () => {
    const all = trips("overlap", 600);
    const parts = [0, 100, 200, 300].flatMap((start) => [all.slice(start, start + 300), all.slice(start).toReversed()]);
    const replies = await Promise.all(parts.map((part) => send(service, part, { query: "verdicts=all" })));
    expect(replies.map(({ status }) => status)).toEqual(parts.map(() => 200));
    const inserted = replies.flatMap(
      ({ body }) => body.verdicts?.filter((row) => row.verdict === "inserted").map((row) => row.trip_id) ?? [],
    );
    expect(inserted.length).toBe(600);
    expect(new Set(inserted).size).toBe(600);
    expect(new Set(await listIds(service, "source=overlap&limit=1000")).size).toBe(600);
  });

  it("with sources and regions that are new are all stored", async () => {
    const replies = await Promise.all(
      Array.from({ length: 8 }, (_, i) => {
        const part = Array.from({ length: 20 }, (_, j) =>
          trip({ source: `new${j}`, region: `new${19 - j}`, trip_id: `${i}` }),
        );
        return send(service, i % 2 ? part : part.toReversed());
      }),
    );
    expect(replies.map(({ status, body }) => [status, body.inserted])).toEqual(Array(8).fill([200, 20]));
  });

  it("and questions that are asked meanwhile see whole batches only", async () => {
    let done = false;
    const writing = (async () => {
      for (let i = 0; i < 12; i++) {
        await send(
          service,
          Array.from({ length: 50 }, (_, j) => trip({ source: "whole", trip_id: `${i}/${j}` })),
        );
      }
      done = true;
    })();
    const seen: number[] = [];
    while (!done) seen.push((await countOf(service, "whole")) % 50);
    await writing;
    expect(new Set(seen)).toEqual(new Set([0]));
    expect(await countOf(service, "whole")).toBe(600);
  });
});

describe("sources and regions", () => {
  it("become known with their first trips, whichever batch brings them", async () => {
    for (const name of ["first", "second", "third"]) {
      await send(service, trip({ source: `known ${name}`, region: `known ${name}` }));
    }
    const regions = await service.sql`
      select name, has_trips from tripgrid.regions where name like 'known %' order by name`;
    const sources = await service.sql`select name from tripgrid.sources where name like 'known %' order by name`;
    const names = ["known first", "known second", "known third"];
    expect(sources.map(({ name }) => name)).toEqual(names);
    expect(regions.map(({ name, has_trips }) => [name, has_trips])).toEqual(names.map((name) => [name, true]));
  });
});
