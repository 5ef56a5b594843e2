import { execFile } from "node:child_process";
import { join } from "node:path";
import { promisify } from "node:util";
import type { Sql } from "../../src/database/client.ts";
import type { Target } from "../lib/target.ts";

const run = promisify(execFile);

/** The fastest that PostgreSQL itself offers for the same rows into the same table. */
export interface Reference {
  /** What was run, for readers of the result. */
  how: string;
  /** Copies the rows into the table, which must be empty; takes as many seconds as it gives. */
  copy(): Promise<number>;
}

type Format = "text" | "binary";

/**
 * Writes the trips that are stored to a file, in the order in which they were sent, and finds the form in which they are
 * copied back fastest: text with points as EWKB in hex, or binary.
 *
 * @param reset empties the tables
 */
export async function makeReference(target: Target, sql: Sql, reset: () => Promise<void>): Promise<Reference> {
  const copier = target.isEmbedded ? await insideEngine(sql) : byPsql(target);
  const [row] = await sql<{ columns: string }[]>`
    select string_agg(quote_ident(attname), ', ' order by attnum) as columns from pg_attribute
    where attrelid = 'tripgrid.trips'::regclass and attnum > 0 and not attisdropped and attgenerated = ''`;
  const columns = row?.columns;
  // The ids end in a number that counts from 1.
  const rows = `(select ${columns} from tripgrid.trips order by right(trip_id, 9))`;
  const seconds = { text: 0, binary: 0 };
  for (const format of ["text", "binary"] as const) await copier.copy(`${rows} to`, format);
  const copyIn = async (format: Format) => copier.copy(`tripgrid.trips (${columns}) from`, format);
  for (const format of ["text", "binary"] as const) {
    await reset();
    seconds[format] = await copyIn(format);
  }
  const best = seconds.text < seconds.binary ? "text" : "binary";
  return { how: `${copier.how}, ${best} format, one session`, copy: () => copyIn(best) };
}

interface Copier {
  how: string;
  /** Runs `copy WHAT 'file'`; how many seconds that took. */
  copy(what: string, format: Format): Promise<number>;
}

function byPsql({ url, folder }: Target): Copier {
  return {
    how: "psql \\copy",
    copy: async (what, format) => {
      const copy = `\\copy ${what} '${join(folder, `reference.${format}`)}' with (format ${format})`;
      const options = { env: { PATH: process.env.PATH, PGCONNECT_TIMEOUT: "10" } };
      const { stdout } = await run(
        "psql",
        [url, "-X", "-v", "ON_ERROR_STOP=1", "-c", "\\timing on", "-c", copy],
        options,
      );
      return Number(/^Time: ([\d.]+) ms/m.exec(stdout)?.[1]) / 1000;
    },
  };
}

/** PGlite takes no COPY from a client, but a superuser may copy from a file that the engine itself sees. */
async function insideEngine(sql: Sql): Promise<Copier> {
  const [row] = await sql<{ folder: string }[]>`select current_setting('data_directory') as folder`;
  return {
    how: "COPY from a file inside the engine, since it takes none from psql",
    copy: async (what, format) => {
      const started = performance.now();
      await sql.unsafe(`copy ${what} '${row?.folder}/reference.${format}' with (format ${format})`);
      return (performance.now() - started) / 1000;
    },
  };
}
