import { readdirSync, readFileSync } from "node:fs";
import { basename, resolve } from "node:path";
import { beforeAll, describe, expect, it } from "vitest";
import type { Sql, Transaction } from "../../src/database/client.ts";
import { callJson, sendNew, trip } from "../harness/api.ts";
import { engine, useService } from "../harness/index.ts";

const ROOT = resolve(import.meta.dirname, "../..");
const FUNCTIONS = resolve(ROOT, "db/functions");
const page = readFileSync(resolve(ROOT, "docs/sql.md"), "utf8");

/** The examples at the end of each file of SQL functions. */
const files = readdirSync(FUNCTIONS, { recursive: true, encoding: "utf8" })
  .filter((name) => name.endsWith(".sql"))
  .sort()
  .map((name) => {
    const [last = ""] = readFileSync(resolve(FUNCTIONS, name), "utf8").split("\n\n").slice(-1);
    const examples = last.split("\n").flatMap((line) => (/^-- select .+;$/.test(line) ? [line.slice(3)] : []));
    return { name, examples };
  });
const shown = [...page.matchAll(/```sql\n(.*?)```/gs)].flatMap(([, text = ""]) => text.trim().split("\n"));

const service = useService();
beforeAll(async () => {
  const square = {
    type: "Polygon",
    coordinates: [
      [
        [7.6, 45],
        [7.75, 45],
        [7.75, 45.1],
        [7.6, 45.1],
        [7.6, 45],
      ],
    ],
  };
  expect(
    (await callJson(service, "PUT", "/v1/regions/Turin", { boundary: square, time_zone: "Europe/Rome" })).status,
  ).toBe(201);
  const at = ["2018-04-30T07:10:00", "2018-05-07T08:20:00", "2018-05-29T08:30:00"];
  const ends = { region: "Turin", origin: [7.65, 45.05], destination: [7.68, 45.06] };
  await sendNew(
    service,
    at.map((started_at, i) => trip({ trip_id: `${i}`, started_at, ...ends })),
  );
});

class Undo extends Error {}

/** Runs a statement and undoes what it did. */
async function run(sql: Sql, statement: string): Promise<number> {
  let rows = 0;
  const running = sql.begin(async (tx: Transaction) => {
    rows = (await tx.unsafe(statement)).length;
    throw new Undo();
  });
  await expect(running).rejects.toThrow(Undo);
  return rows;
}

describe("docs/sql.md", () => {
  it("lists the functions of the schema tripgrid, and no others", async () => {
    const rows = await service.sql<{ name: string }[]>`
      select distinct proname::text as name from pg_proc where pronamespace = 'tripgrid'::regnamespace order by 1`;
    const listed = new Set([...page.matchAll(/`tripgrid\.(\w+)/g)].map(([, name]) => name));
    expect([...listed].sort()).toEqual(rows.map(({ name }) => name));
  });

  it("lists the views of the schema bi, and no others", async () => {
    const rows = await service.sql<{ name: string }[]>`
      select table_name as name from information_schema.views where table_schema = 'bi' order by 1`;
    const listed = new Set([...page.matchAll(/^\| `bi\.(\w+)` \|/gm)].map(([, name]) => name));
    expect([...listed].sort()).toEqual(rows.map(({ name }) => name));
  });

  it.each(shown)("has an example that returns rows: %s", async (statement) => {
    expect(await run(service.sql, statement)).toBeGreaterThan(0);
  });
});

it("an internal function has at most eight arguments: a selection is one", async () => {
  const rows = await service.sql`
    select proname from pg_proc where pronamespace = 'tripgrid_internal'::regnamespace and pronargs > 8`;
  expect([...rows]).toEqual([]);
});

describe("a file of SQL functions", () => {
  it.each(files)("defines what its name says, and ends with an example: $name", ({ name, examples }) => {
    const text = readFileSync(resolve(FUNCTIONS, name), "utf8");
    const [defined] = text.match(/create or replace (?:function|view) [\w.]+/) ?? [];
    expect(defined?.split(/[ .]/).slice(-2).join("_")).toMatch(
      new RegExp(`^(tripgrid_(internal_)?)?${basename(name, ".sql")}$`),
    );
    expect(examples.length).toBeGreaterThan(0);
  });

  /** There the rollups are continuous aggregates, which it cannot write. */
  const isOnTables = (statement: string) => engine === "timescaledb" && statement.includes(".refresh_weeks(");
  const examples = files.flatMap((file) => file.examples);

  it.each(examples.filter((one) => !isOnTables(one)))("has an example that runs: %s", async (statement) => {
    expect(await run(service.sql, statement)).toBeGreaterThanOrEqual(0);
  });
});
