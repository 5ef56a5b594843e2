import { beforeAll, describe, expect, it } from "vitest";
import type { StoredTrip } from "../../src/trips/trip.ts";
import { call, listIds, type Problem, sendNew, trip } from "../harness/api.ts";
import { useService } from "../harness/index.ts";

const service = useService();

const list = async (query: string) =>
  (await call<{ trips: StoredTrip[]; next_cursor: string | null }>(service, `/v1/trips?${query}`)).body;

describe("pages", () => {
  const made = Array.from({ length: 57 }, (_, i) =>
    trip({ source: `pages ${i % 3}`, region: "Pages", trip_id: `p${i}`, started_at: `2018-05-21T08:00:0${i % 4}` }),
  );
  const all = made.map(({ trip_id }) => trip_id).sort();
  beforeAll(() => sendNew(service, made));

  it("hold ten trips unless told, and a thousand at most", async () => {
    expect((await list("region=Pages")).trips).toHaveLength(10);
    expect((await list("region=Pages&limit=57")).next_cursor).toBeNull();
    expect((await list("region=Pages&limit=56")).next_cursor).not.toBeNull();
    expect((await call(service, "/v1/trips?limit=1001")).status).toBe(400);
  });

  it.each([1, 7, 10, 19, 57, 1000])("of %d visit every trip once, also those of the same moment", async (limit) => {
    const ids = await listIds(service, `region=Pages&limit=${limit}`);
    expect(ids.toSorted()).toEqual(all);
  });

  it("visit every trip once while others arrive before, between and after", async () => {
    let n = 0;
    const more = () =>
      sendNew(
        service,
        ["00", "02", "59"].map((s) =>
          trip({ region: "Pages", trip_id: `new${n++}`, started_at: `2018-05-21T08:00:${s}` }),
        ),
      );
    const ids = await listIds(service, "region=Pages&limit=5", more);
    expect(new Set(ids).size).toBe(ids.length);
    expect(ids.filter((id) => !id.startsWith("new")).sort()).toEqual(all);
  });

  const encoded = (value: unknown) => Buffer.from(JSON.stringify(value)).toString("base64url");
  it.each([
    ["text", "page-2"],
    ["nothing", ""],
    ["other JSON", encoded({ page: 2 })],
    ["two parts", encoded(["2018-05-21T08:00:00", "s"])],
    ["a time that does not exist", encoded(["2018-02-30T08:00:00", "s", "a"])],
    ["a time of no calendar", encoded(["0000-99-99T99:99:99", "s", "a"])],
    ["a NUL", encoded(["2018-05-21T08:00:00", "s\0", "a"])],
  ])("are not begun by a cursor that is %s", async (_, cursor) => {
    const { status, body } = await call<Problem>(service, `/v1/trips?cursor=${cursor}`);
    expect([status, body.code, body.errors?.[0]?.field]).toEqual([400, "invalid_parameter", "cursor"]);
  });
});
