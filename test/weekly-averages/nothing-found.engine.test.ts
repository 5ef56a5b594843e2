import { describe, expect, it } from "vitest";
import type { ByRegionAnswer, WeeklyAnswer } from "../../src/weekly-averages/weekly-averages.ts";
import { call, type Problem, sendNew, trip } from "../harness/api.ts";
import { useService } from "../harness/index.ts";

const service = useService();

const byRegion = async (query: string) =>
  (await call<ByRegionAnswer>(service, `/v1/weekly-averages/by-region?${query}`)).body;

describe.each([
  ["before the first trip", "hours=3"],
  ["beside trips that are not asked about", "source=other&hours=3"],
])("%s", (when, filter) => {
  if (when.startsWith("beside")) {
    it("there are some", async () => {
      await sendNew(service, [trip({ source: "other", region: "Elsewhere" })]);
    });
  }

  it("by-region tells the window that the dates make", async () => {
    expect(await byRegion(`${filter}&from=2018-05-09&to=2018-05-15`)).toEqual({
      window: { from: "2018-05-07", to: "2018-05-21" },
      weeks_in_window: 2,
      data_as_of: expect.stringMatching(/Z$/),
      regions: [],
    });
  });

  it.each(["", "&from=2018-05-13", "&to=2018-05-14", "&from=2018-12-31&to=2019-01-07", "&from=2018-05-09&days=sun"])(
    "by-region has the window of weekly-averages: %j",
    async (query) => {
      const { window, weeks_in_window, regions } = await byRegion(`${filter}${query}`);
      const { body } = await call<WeeklyAnswer>(service, `/v1/weekly-averages?${filter}${query}`);
      expect({ window, weeks_in_window }).toEqual({ window: body.window, weeks_in_window: body.weeks_in_window });
      expect(regions).toEqual([]);
    },
  );

  it.each(["/v1/trips?boundary=Nope", "/v1/trips/count?by=source&boundary=Nope", "/v1/weekly-averages?boundary=Nope"])(
    "a boundary that is not there is a 404: %s",
    async (path) => {
      const { status, body } = await call<Problem>(service, path);
      expect([status, body.code]).toEqual([404, "not_found"]);
    },
  );
});
