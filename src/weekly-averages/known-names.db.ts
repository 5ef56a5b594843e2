import type { Sql } from "../database/client.ts";
import { AppError } from "../errors.ts";
import type { Area } from "../geo/area.ts";
import { currentBound } from "../kit/bounds.ts";
import { nearest } from "../kit/nearest.ts";

interface Asked {
  source?: string | undefined;
  region?: string | undefined;
  area?: Area | undefined;
}

/**
 * Asks a question about trips. If it names a source, region or boundary that nobody has, the error names the nearest
 * one. The names are looked at only if no trip was found, so other questions do not wait for it.
 *
 * @throws AppError not_found
 */
export async function amongKnown<T>(
  sql: Sql,
  asked: Asked,
  isEmpty: (answer: T) => boolean,
  ask: () => Promise<T>,
): Promise<T> {
  try {
    const answer = await ask();
    if (isEmpty(answer)) await checkNames(sql, asked);
    return answer;
  } catch (error) {
    const { area } = asked;
    if (!(error instanceof AppError) || error.code !== "not_found" || area?.kind !== "boundary") throw error;
    const rows = await sql<{ name: string }[]>`
      select name from tripgrid.regions where boundary is not null order by name limit ${MOST_NAMES}`;
    throw unknown("boundary", area.region, rows, `There is no boundary for the region "${area.region}"`);
  }
}

/** The nearest of more names is not looked for. */
const MOST_NAMES = 10_000;

async function checkNames(sql: Sql, { source, region }: Asked): Promise<void> {
  // A bound caller gets its own name in each question, and learns no names of others.
  if (currentBound()) return;
  if (source !== undefined) {
    const [known] = await sql`select 1 from tripgrid.sources where name = ${source}`;
    if (!known) {
      const rows = await sql<{ name: string }[]>`select name from tripgrid.sources order by name limit ${MOST_NAMES}`;
      throw unknown("source", source, rows, `No trip came from a source "${source}"`);
    }
  }
  if (region !== undefined) {
    const [known] = await sql`select 1 from tripgrid.regions where name = ${region}`;
    if (!known) {
      const rows = await sql<{ name: string }[]>`select name from tripgrid.regions order by name limit ${MOST_NAMES}`;
      throw unknown("region", region, rows, `No trip names a region "${region}"`);
    }
  }
}

function unknown(field: string, name: string, rows: readonly { name: string }[], detail: string): AppError {
  const near = nearest(
    name,
    rows.map((row) => row.name),
  );
  const hint = near === undefined ? "." : `; the nearest is "${near}".`;
  return new AppError("not_found", `${field}: ${detail}${hint}`, {
    errors: [{ field, detail: `${detail}${hint}` }],
    ...(near === undefined ? {} : { nearest: near }),
  });
}
