import postgres from "postgres";
import { expect, it } from "vitest";
import { type DriverQuery, handlerOf, isQuery, type RawSql } from "../../src/database/driver.ts";

// Connects only when something is asked.
const sql = postgres("postgres://nobody@127.0.0.1:1/none", { max: 1 }) as unknown as RawSql;

it("a statement of postgres.js has the members that the pool relies on", () => {
  const query = sql`select 1` as unknown as DriverQuery;
  expect(isQuery(query)).toBe(true);
  expect(typeof query.handler).toBe("function");
  expect(typeof query.resolve).toBe("function");
  expect(typeof query.reject).toBe("function");
  expect(typeof query.canceller).toBe("function");
  expect([query.state, query.active]).toEqual([null, false]);
  expect(handlerOf(sql)).toBe(query.handler);
});

it("a name and a list of values are no statements", () => {
  expect(isQuery(sql("name"))).toBe(false);
  expect(isQuery(sql([1, 2] as never))).toBe(false);
});

it("a statement is sent once, when its result is awaited", async () => {
  const query = sql`select 1` as unknown as DriverQuery;
  const handed: DriverQuery[] = [];
  query.handler = (one) => {
    handed.push(one);
    one.resolve("answer");
  };
  expect(handed).toEqual([]);
  expect([await query, await query]).toEqual(["answer", "answer"]);
  expect(handed).toEqual([query]);
});
