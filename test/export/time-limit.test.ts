import { setTimeout as after } from "node:timers/promises";
import { expect, it, vi } from "vitest";
import type { Row, Table } from "../../src/export/table.ts";
import { withTimeLimit } from "../../src/export/time-limit.ts";
import { onePage, type Pages } from "../../src/kit/pages.ts";

const table = (pages: Pages<Row[]>, holdsSession = true): Table => ({
  ...{ name: "trips", columns: [], geometry: undefined, headers: {}, pages, holdsSession },
});

/** Pages without an end, as of a cursor: once they are ended, the next one is undefined. */
function endless() {
  let isEnded = false;
  const end = vi.fn(async () => {
    isEnded = true;
  });
  return { next: async () => (isEnded ? undefined : ([] as Row[])), end };
}

it("an export that takes too long gives its session back and ends with an error, also where nobody reads", async () => {
  const pages = endless();
  const limited = withTimeLimit(table(pages), 20);
  expect(await limited.pages.next()).toEqual([]);
  await vi.waitFor(() => expect(pages.end).toHaveBeenCalledOnce());
  await expect(limited.pages.next()).rejects.toMatchObject({
    code: "query_timeout",
    message: expect.stringContaining("TRIPGRID_EXPORT_MINUTES"),
  });
});

it("a page that is awaited when the time is over does not pass for the end", async () => {
  let finish = () => {};
  const waiting = new Promise<undefined>((resolve) => {
    finish = () => resolve(undefined);
  });
  const limited = withTimeLimit(table({ next: () => waiting, end: async () => finish() }), 5);
  await expect(limited.pages.next()).rejects.toMatchObject({ code: "query_timeout" });
});

it("the time ends with the pages, and does not run where no session is held", async () => {
  const whole = onePage<Row[]>([]);
  const end = vi.spyOn(whole, "end");
  const limited = withTimeLimit(table(whole), 10);
  expect([await limited.pages.next(), await limited.pages.next()]).toEqual([[], undefined]);
  const pages = endless();
  withTimeLimit(table(pages, false), 10);
  const left = endless();
  const leaving = withTimeLimit(table(left), 10);
  await leaving.pages.end();
  await after(30);
  expect([end.mock.calls.length, pages.end.mock.calls.length, left.end.mock.calls.length]).toEqual([0, 0, 1]);
});
