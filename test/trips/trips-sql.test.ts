import { expect, it } from "vitest";
import type { Area } from "../../src/geo/area.ts";
import { countTrips } from "../../src/trips/count-trips.db.ts";
import { findLocalTimes, findTrips } from "../../src/trips/find-trips.db.ts";
import { listTrips } from "../../src/trips/list-trips.db.ts";
import { recordSql } from "../harness/recorded-sql.ts";

const SQUARE = [
  [7.6, 45],
  [7.7, 45],
  [7.7, 45.1],
  [7.6, 45],
];
const polygon = { kind: "polygons", polygons: [{ type: "Polygon", coordinates: [SQUARE] }] } as unknown as Area;
const boundary: Area = { kind: "boundary", region: "Turin" };

it("the statements for trips are those in db/queries, which npm run generate writes", async () => {
  const { db, check, taken } = recordSql();
  const parts: string[] = [];
  const written = async (title: string, call: Promise<unknown>) => {
    await call;
    parts.push(taken(title));
  };
  await written("listTrips: the first page of all trips", listTrips(db, { match: "origin" }, 100));
  const days = { from: "2018-05-21", to: "2018-05-27" };
  const after = { localTime: "2018-05-21T02:54:04", source: "baba_car", tripId: "a1" };
  await written(
    "listTrips: a later page of a source, within a polygon",
    listTrips(db, { match: "both", source: "baba_car", area: polygon, ...days }, 100, after),
  );
  const cluster = { origins: ["u0j2q"], destinations: ["u0j2r", "u0j2x"], hour: 8, days: [1, 2] };
  await written("listTrips: the trips of a hot spot", listTrips(db, { match: "origin", cluster }, 100));
  await written("findTrips: by id", findTrips(db, "baba_car", "a1"));
  await written("findTrips: by id and time", findTrips(db, "baba_car", "a1", "2018-05-21T02:54:04"));
  await written("findLocalTimes", findLocalTimes(db, "baba_car", "a1"));
  await written(
    "countTrips: by region and an attribute, at either end in a boundary",
    countTrips(
      db,
      check,
      { match: "either", area: boundary },
      [{ column: "region" }, { attribute: "vehicle_model_id" }],
      50,
    ),
  );
  await written(
    "countTrips: by week, of a region",
    countTrips(db, check, { match: "origin", region: "Turin", ...days }, [{ column: "week" }], 50),
  );
  await expect(parts.join("\n")).toMatchFileSnapshot("../../db/queries/trips.sql");
});
