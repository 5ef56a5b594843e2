import { beforeAll, describe, expect, it } from "vitest";
import { useService } from "../../harness/index.ts";

const service = useService();

/** GEOS throws at it: of the clipped ring fewer corners are left than a ring has. */
const THROWS = `st_area(st_clipbybox2d('POLYGON((-180 -17,-179.99999999999997 -16.8,-179.9 -16.9,-179.8 -16.7,-180 -16.7,-180 -17))'::geometry,
                                       st_makeenvelope(-180.5, -16.95, -179.5, -16.9)))`;

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
});
