import { AppError } from "../errors.ts";
import type { Table } from "./table.ts";

/**
 * Ends the pages of a table that is read out of a session for longer than this, however fast its reader is. So a session
 * comes back, and old rows can be removed from the database. The reader gets an error instead of the next page, never an
 * end that looks like that of all rows.
 */
export function withTimeLimit(table: Table, ms: number): Table {
  if (!table.holdsSession) return table;
  const { pages } = table;
  let isOver = false;
  const timer = setTimeout(() => {
    isOver = true;
    void pages.end();
  }, ms);
  timer.unref();
  const next = async () => {
    const page = isOver ? undefined : await pages.next();
    if (isOver) throw tooLong(ms);
    if (page === undefined) clearTimeout(timer);
    return page;
  };
  const end = () => {
    clearTimeout(timer);
    return pages.end();
  };
  return { ...table, pages: { next, end } };
}

const tooLong = (ms: number) =>
  new AppError(
    "query_timeout",
    `The export took longer than ${ms / 60_000} minutes. Ask for fewer weeks at a time, as npx tripgrid export does, or raise TRIPGRID_EXPORT_MINUTES.`,
  );
