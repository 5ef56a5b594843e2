import { expect, it } from "vitest";
import { openCursor } from "../../src/database/cursor.ts";
import { useService } from "../harness/index.ts";

const service = useService();

/** The pages of a statement, as the lengths of the texts in them. */
async function pagesOf(text: string, rows: number, bytes: number): Promise<number[][]> {
  const bytesOf = (row: { text: string }) => row.text.length;
  const pages = openCursor<{ text: string }>(service.sql, { text, parameters: [] }, { rows, bytes, bytesOf });
  const read: number[][] = [];
  for (let page = await pages.next(); page; page = await pages.next()) read.push(page.map((row) => row.text.length));
  return read;
}

const sum = (numbers: readonly number[]) => numbers.reduce((all, one) => all + one, 0);

it("a cursor's pages are as long as their largest rows allow, also where the first row is small", async () => {
  const pages = await pagesOf(
    "select repeat('x', case when i <= 2 then 1 else 10000 end) as text from generate_series(1, 300) i order by i",
    ...([1000, 50_000] as const),
  );
  expect(pages[0]).toEqual([1]);
  expect(pages.flat()).toHaveLength(300);
  for (const page of pages) expect(sum(page)).toBeLessThanOrEqual(50_000);
});

it("a cursor's pages have no more rows than they may, and at least one", async () => {
  const small = await pagesOf("select 'x' as text from generate_series(1, 100)", 30, 1_000_000);
  expect(small.map(({ length }) => length)).toEqual([1, 4, 16, 30, 30, 19]);
  const large = await pagesOf("select repeat('x', 100) as text from generate_series(1, 3)", 30, 10);
  expect(large.map(({ length }) => length)).toEqual([1, 1, 1]);
});
