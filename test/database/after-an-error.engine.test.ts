import { describe, expect, it } from "vitest";
import { call, callJson, countOf, polygon, sendNew, trip } from "../harness/api.ts";
import { useService } from "../harness/index.ts";

const service = useService();

const bowTie = polygon([
  [0, 0],
  [2, 2],
  [2, 0],
  [0, 2],
]);
const refused = () => callJson(service, "POST", "/v1/weekly-averages", { area: bowTie });

describe("after a question that the database refuses", () => {
  it("the next questions are answered correctly", async () => {
    await sendNew(service, [trip({ source: "after", trip_id: "a" })]);
    for (let i = 0; i < 100; i++) {
      expect((await refused()).status).toBe(422);
      expect((await call(service, "/v1/trips/after/a")).status).toBe(200);
      expect(await countOf(service, "after")).toBe(1);
    }
  });

  it("questions that others ask at the same time are answered correctly", async () => {
    for (let i = 0; i < 40; i++) {
      const failing = service.sql.unsafe("select tripgrid.region_boundary('Nobody')").catch(({ code }) => code);
      const [status, one, code, two] = await Promise.all([
        refused().then((reply) => reply.status),
        call(service, "/v1/trips/after/a").then((reply) => reply.status),
        failing,
        service.sql`select ${i}::int as i`,
      ]);
      expect([status, one, code, [...two]]).toEqual([422, 200, "TG003", [{ i }]]);
    }
  });

  it("what is stored next is stored, and its receipt tells so", async () => {
    for (let i = 0; i < 20; i++) {
      await refused();
      await sendNew(service, [trip({ source: "stored after", trip_id: `${i}` })]);
    }
    expect(await countOf(service, "stored after")).toBe(20);
  });
});
