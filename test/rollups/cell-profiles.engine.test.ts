import { afterAll, beforeAll, beforeEach, describe, expect, it } from "vitest";
import { createClient, type Sql } from "../../src/database/client.ts";
import { refreshCellProfiles } from "../../src/rollups/cell-profiles.db.ts";
import { refreshRollups } from "../../src/rollups/refresh-rollups.db.ts";
import { sendNew, trip } from "../harness/api.ts";
import { engine, NO_REFRESH, useService } from "../harness/index.ts";

const service = useService({}, NO_REFRESH);
let session: Sql;
beforeAll(() => {
  session = createClient(service.address, { max: 1, searchPath: service.prepared.searchPath });
});
afterAll(() => session?.end({ timeout: 5 }));

const AT_ONCE = { minTrips: 1, minMean: 0, atOnce: true };
const refresh = () => refreshRollups(session, engine);
const makeProfiles = (options: object = AT_ONCE) => refreshCellProfiles(session, engine, options);
const PERIOD = "2018-04-30";
/** The kinds of profiles of each period; a stale one has "stale". */
const states = async () => {
  const rows = await service.sql<{ first_week: string; is_stale: boolean; kinds: string[] }[]>`
    select first_week, is_stale, kinds from tripgrid_internal.profile_periods order by first_week`;
  return Object.fromEntries(rows.map((row) => [row.first_week, row.is_stale ? "stale" : row.kinds.join()]));
};
/** `at_8`: the planes that have the bit of Tuesday at eight; `bits`: all the bits there are. */
const profiles = () => service.sql`
  select p.match, p.size, p.cell, p.trips, array(select j::int from unnest(p.planes) with ordinality u (plane, j) where get_bit(plane, 32) = 1) as at_8,
         (select sum(bit_count(plane))::int from unnest(p.planes) u (plane)) as bits
  from tripgrid_internal.cell_profiles p order by match, size, cell`;
/** A Tuesday in the period from 30 April 2018 to 27 May. */
const TUESDAY = "2018-05-22T08:10:00";

let sent = 0;
const send = (count: number, more: object) =>
  sendNew(
    service,
    Array.from({ length: count }, () =>
      trip({ trip_id: `t${++sent}`, started_at: TUESDAY, origin: [7.67, 45.05], ...more }),
    ),
  );
/** What a tile shows of the hour from eight. */
const atEight = async (window = "") => {
  const [from, to] = window === "" ? [null, null] : window.split("/");
  return (
    await service.sql<{ cell: string; trips: number }[]>`
      select c.cell, sum(c.trips)::int as trips
      from tripgrid_internal.cell_counts(
        tripgrid_internal.selection_of(null, 'origin', null, null, ${from ?? null}::date, ${to ?? null}::date, array[8], null), array['u0j2'], 6) c
      group by 1 order by 1`
  ).map(({ trips }) => trips);
};

describe("profiles of cells", () => {
  beforeEach(async () => {
    await service.sql`truncate tripgrid.trips`;
    await refresh();
    await service.sql`delete from tripgrid_internal.profile_periods`;
    await service.sql`delete from tripgrid_internal.cell_profiles`;
  });

  it("hold the trips of each hour of the week as a binary number", async () => {
    await send(3, { destination: [7.9, 45.3] });
    await refresh();
    expect(await makeProfiles()).toBe(PERIOD);
    expect(await states()).toEqual({ [PERIOD]: "origin 6,origin 7,destination 6,destination 7" });
    expect((await profiles())[2]).toMatchObject({ match: "origin", size: 6, trips: 3, at_8: [1, 2], bits: 2 });
    await send(70, { destination: [7.67, 45.05] });
    await refresh();
    await makeProfiles();
    const many = { trips: 73, at_8: [1, 4, 7], bits: 3 };
    const all = await profiles();
    expect(all.filter(({ match }) => match === "origin")).toMatchObject([many, many]);
    expect(all.filter(({ match }) => match === "both")).toMatchObject([
      { size: 6, trips: 70 },
      { size: 7, trips: 70 },
    ]);
    expect(await atEight()).toEqual([73]);
  });

  it("are stale from the first late trip on, and until then what is shown comes from them", async () => {
    await send(2, {});
    await refresh();
    await makeProfiles();
    expect(await states()).toEqual({ [PERIOD]: "origin 6,origin 7" });
    expect(await atEight()).toEqual([2]);
    // Only a profile can show that: no trip says so.
    await service.sql`update tripgrid_internal.cell_profiles set planes = array[planes[2], planes[2]] where size = 6`;
    expect(await atEight()).toEqual([3]);
    // A part of the period is counted from the trips.
    expect(await atEight("2018-05-21/2018-05-27")).toEqual([2]);
    expect(await atEight("2018-04-30/2018-05-27")).toEqual([3]);

    await send(2, {});
    expect(await atEight()).toEqual([4]);
    await refresh();
    expect(await states()).toEqual({ [PERIOD]: "stale" });
    expect(await atEight()).toEqual([4]);
    await makeProfiles();
    expect(await atEight()).toEqual([4]);

    await service.sql`delete from tripgrid.trips`;
    expect(await atEight()).toEqual([]);
    await refresh();
    await makeProfiles();
    expect(await states()).toEqual({ [PERIOD]: "" });
    expect(await profiles()).toEqual([]);
  });

  it("are not made of a period or of cells with few trips, nor before the period has been quiet", async () => {
    await send(2, {});
    await refresh();
    expect(await makeProfiles({ ...AT_ONCE, atOnce: false })).toBeUndefined();
    expect(await makeProfiles({ ...AT_ONCE, minTrips: 3 })).toBe(PERIOD);
    expect(await states()).toEqual({ [PERIOD]: "" });
    // The next change has it tried again.
    await send(1, {});
    await refresh();
    await makeProfiles({ ...AT_ONCE, minMean: 4 });
    expect([await states(), await profiles()]).toEqual([{ [PERIOD]: "" }, []]);
    await send(1, {});
    await refresh();
    await makeProfiles({ ...AT_ONCE, minMean: 4 });
    expect(await states()).toEqual({ [PERIOD]: "origin 6,origin 7" });
    expect(await atEight()).toEqual([4]);
  });

  it("are not made while the rollups are behind with a week of the period", async () => {
    await send(2, {});
    await refresh();
    await send(1, {});
    expect(await makeProfiles()).toBeUndefined();
    await refresh();
    expect(await makeProfiles()).toBe(PERIOD);
  });

  it("wait while the rollups are far behind, unless it is with a week that was set aside", async () => {
    const { sql } = service;
    await send(1, {});
    await refresh();
    await sql`update tripgrid_internal.profile_periods set changed_at = now() - interval '1 hour'`;
    await send(1, { started_at: "2019-05-22T08:10:00" });
    const soon = { ...AT_ONCE, atOnce: false };
    await sql`update tripgrid_internal.pending_weeks set created_at = now() - interval '1 minute'`;
    expect(await makeProfiles(soon)).toBeUndefined();
    await sql`
      insert into tripgrid_internal.refresh_attempts (week, process, deaths) values ('2019-05-20', gen_random_uuid(), 2)`;
    expect(await makeProfiles(soon)).toBe(PERIOD);
    await sql`delete from tripgrid_internal.refresh_attempts`;
    await refresh();
  });

  it("stay stale if a change was taken up while they were made", async () => {
    await send(2, {});
    await refresh();
    const made = await refreshCellProfiles(
      beforeEachKind(async () => {
        await send(1, {});
        // As a process without the lock would.
        await service.sql`delete from tripgrid_internal.pending_weeks`;
      }),
      engine,
      AT_ONCE,
    );
    expect(made).toBe(PERIOD);
    expect(await states()).toEqual({ [PERIOD]: "stale" });
    const [count] = await atEight();
    expect(count).toBeGreaterThan(2);
    expect(await makeProfiles()).toBe(PERIOD);
    expect(await atEight()).toEqual([count]);
  });

  it("of one period are made before those of an earlier one, and do not wait for one that fails", async () => {
    await send(1, {});
    await send(1, { started_at: "2019-05-22T08:10:00" });
    await refresh();
    const fails = beforeEachKind(async () => {
      throw new Error("no room");
    });
    const soon = { ...AT_ONCE, atOnce: false };
    await service.sql`update tripgrid_internal.profile_periods set changed_at = now() - interval '1 hour'`;
    await expect(refreshCellProfiles(fails, engine, soon)).rejects.toThrow("no room");
    expect(await makeProfiles(soon)).toBe(PERIOD);
    expect(await makeProfiles(soon)).toBeUndefined();
    expect(await makeProfiles()).toBe("2019-04-29");
    expect(Object.values(await states())).toEqual(["origin 6,origin 7", "origin 6,origin 7"]);
  });

  it("are begun three times at most until their trips change", async () => {
    await send(1, {});
    await refresh();
    const fails = beforeEachKind(async () => {
      throw new Error("no room");
    });
    for (let i = 0; i < 3; i++) await expect(refreshCellProfiles(fails, engine, AT_ONCE)).rejects.toThrow("no room");
    expect(await makeProfiles()).toBeUndefined();
    await send(1, {});
    await refresh();
    expect(await makeProfiles()).toBe(PERIOD);
  });

  it("stop between two kinds if they are told to", async () => {
    await send(1, {});
    await refresh();
    expect(await makeProfiles({ ...AT_ONCE, signal: AbortSignal.abort() })).toBeUndefined();
    expect(await states()).toEqual({ [PERIOD]: "stale" });
    expect(await makeProfiles()).toBe(PERIOD);
  });

  it("go with the retired weeks", async () => {
    await send(2, {});
    await refresh();
    await makeProfiles();
    const { sql } = service;
    try {
      await sql`update tripgrid.settings set closed_before = '2018-05-07', retired_before = '2018-05-07'`;
      expect(await atEight()).toEqual([2]);
      await makeProfiles();
      expect([await states(), await profiles()]).toEqual([{}, []]);
    } finally {
      await sql`update tripgrid.settings set closed_before = '-infinity', retired_before = '-infinity'`;
    }
  });
});

/** The session, which does something before it makes profiles of a kind. */
function beforeEachKind(work: () => Promise<void>): Sql {
  const ask = async (strings: TemplateStringsArray, ...values: never[]) => {
    if (strings.join().includes("build_cell_profiles")) await work();
    return session(strings, ...values);
  };
  return ask as unknown as Sql;
}
