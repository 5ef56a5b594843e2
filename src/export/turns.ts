import { AppError } from "../errors.ts";
import type { Table } from "./table.ts";

/** Opens a table in its turn. */
export type InTurn = (open: () => Promise<Table>) => Promise<Table>;

/**
 * Limits how many tables are read out of sessions at one time, since a slow reader keeps its session for hours. A turn
 * ends with the pages of its table.
 *
 * @returns throws AppError too_many_requests if all turns are taken
 */
export function createTurns(most: number): InTurn {
  let taken = 0;
  return async (open) => {
    if (taken >= most) throw tooMany();
    taken++;
    let isTaken = true;
    const leave = () => {
      if (isTaken) taken--;
      isTaken = false;
    };
    try {
      const table = await open();
      const { pages } = table;
      if (!table.holdsSession) leave();
      const next = async () => {
        try {
          const page = await pages.next();
          if (page === undefined) leave();
          return page;
        } catch (error) {
          leave();
          throw error;
        }
      };
      return { ...table, pages: { next, end: () => pages.end().finally(leave) } };
    } catch (error) {
      leave();
      throw error;
    }
  };
}

const tooMany = () => {
  const detail = "Exports take half of the connections for questions already. Ask again in a moment.";
  return new AppError("too_many_requests", detail, {}, { retryAfterSeconds: 5 });
};
