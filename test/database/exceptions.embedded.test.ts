import { beforeAll, describe, expect, it } from "vitest";
import { callJson, type Problem, polygon } from "../harness/api.ts";
import { useService } from "../harness/index.ts";

const service = useService();

/** GEOS throws at it: of the clipped ring fewer corners are left than a ring has. */
const THROWS = `st_area(st_clipbybox2d('POLYGON((-180 -17,-179.99999999999997 -16.8,-179.9 -16.9,-179.8 -16.7,-180 -16.7,-180 -17))'::geometry,
                                       st_makeenvelope(-180.5, -16.95, -179.5, -16.9)))`;

it("PostGIS comes without rasters and topologies, which each start would compile too", async () => {
  const rows = await service.sql`select name from pg_available_extensions where name like 'postgis%'`;
  expect([...rows]).toEqual([{ name: "postgis" }]);
});

describe("what GEOS throws is an error, and not an empty answer", () => {
  beforeAll(() => service.sql.unsafe("create table areas (area float8)"));

  it("of its own, after which the next statement is answered", async () => {
    for (let i = 0; i < 50; i++) {
      await expect(service.sql.unsafe(`select ${THROWS}`)).rejects.toMatchObject({
        code: "38000",
        message: "PostGIS has given up: IllegalArgumentException",
      });
      expect([...(await service.sql`select ${i}::int as i`)]).toEqual([{ i }]);
    }
  });

  it("that undoes its transaction", async () => {
    const { sql } = service;
    const transaction = sql.begin(async (tx) => {
      await tx`insert into areas values (1)`;
      await tx.unsafe(`insert into areas select ${THROWS}`);
    });
    await expect(transaction).rejects.toMatchObject({ code: "38000" });
    await sql`insert into areas values (2)`;
    expect([...(await sql`select * from areas`)]).toEqual([{ area: 2 }]);
  });

  it("that SQL can catch", async () => {
    await service.sql.unsafe(`do $$ begin
      begin
        perform ${THROWS};
      exception when external_routine_exception then
        insert into areas values (3);
        return;
      end;
      raise 'nothing was thrown';
    end $$`);
    expect(await service.sql`select from areas where area = 3`).toHaveLength(1);
  });

  it("that HTTP tells as a fault of the area", async () => {
    // Three times the same but for rounding errors, which GEOS elsewhere unites at its second try.
    const geometries = [
      [
        7.872443164639382, 45, 7.000037008018629, 45.64095304797586, 6.055387960636325, 45.00008041848334,
        6.9999012743641,
      ],
      [
        7.872443164639386, 45, 7.0000370080186265, 45.64095304797586, 6.055387960636327, 45.00008041848334,
        6.999901274364104,
      ],
      [
        7.872443164639381, 45, 7.000037008018628, 45.64095304797586, 6.055387960636321, 45.00008041848334,
        6.999901274364097,
      ],
    ].map((at) => {
      const [x1, y1, x2, y2, x3, y3, x4] = at as [number, number, number, number, number, number, number];
      return polygon([
        [x1, y1],
        [x2, y2],
        [x3, y3],
        [x4, 44.3756294375402],
      ]);
    });
    const area = { type: "GeometryCollection", geometries };
    const { status, body } = await callJson<Problem>(service, "POST", "/v1/weekly-averages", { area });
    expect([status, body.code, body.detail]).toEqual([
      422,
      "invalid_area",
      expect.stringContaining("unite its polygons"),
    ]);
  });
});
