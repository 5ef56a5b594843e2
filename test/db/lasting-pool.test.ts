import { describe, expect, it, vi } from "vitest";
import { lastingPool } from "../../src/db/lasting-pool.ts";

interface Asked {
  (strings: TemplateStringsArray): void;
  unsafe(text: string): void;
  end(): Promise<void>;
}

/** Pools as far as it matters here: they can be called, have a method, and end. */
function fakePools() {
  const pools: { calls: string[]; close: () => void; end: ReturnType<typeof vi.fn> }[] = [];
  const sql = lastingPool((onClose) => {
    const calls: string[] = [];
    const end = vi.fn(async () => {});
    pools.push({ calls, close: onClose, end });
    const pool = (strings: TemplateStringsArray) => calls.push(strings.join(""));
    return Object.assign(pool, { unsafe: (text: string) => calls.push(text), end }) as never;
  });
  return { sql: sql as unknown as Asked, pools };
}

describe("a pool that outlives its connections", () => {
  it("is one pool as long as none of its connections closes", () => {
    const { sql, pools } = fakePools();
    sql`one`;
    sql.unsafe("two");
    expect(pools.map(({ calls }) => calls)).toEqual([["one", "two"]]);
  });

  it("asks a new one after that, once however many close", () => {
    const { sql, pools } = fakePools();
    sql`one`;
    pools[0]?.close();
    pools[0]?.close();
    sql`two`;
    pools[0]?.close();
    sql`three`;
    expect(pools.map(({ calls }) => calls)).toEqual([["one"], ["two", "three"]]);
  });

  it("lets the old ones finish, but not too many of them", () => {
    const { sql, pools } = fakePools();
    for (let i = 0; i < 7; i++) {
      sql`again`;
      pools[i]?.close();
    }
    sql`last`;
    expect(pools.map(({ end }) => end.mock.calls.length)).toEqual([1, 1, 1, 0, 0, 0, 0, 0]);
  });

  it("ends all of them, and opens none any more", async () => {
    const { sql, pools } = fakePools();
    pools[0]?.close();
    sql`two`;
    await sql.end();
    pools[1]?.close();
    sql`three`;
    expect(pools).toHaveLength(2);
    expect(pools.map(({ end }) => end.mock.calls.length)).toEqual([1, 1]);
  });
});
