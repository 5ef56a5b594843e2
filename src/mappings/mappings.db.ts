import { type Sql, translateErrors } from "../database/client.ts";
import { AppError } from "../errors.ts";
import type { Mapping, StoredMapping } from "./mapping.ts";
import { definitionOf, mappingFrom } from "./mapping-definition.ts";

interface Row {
  name: string;
  definition: unknown;
  created_at: string;
  updated_at: string;
}

/**
 * Defines a mapping, or replaces it.
 *
 * @throws AppError invalid_parameter for a time zone that this database does not know
 */
export async function putMapping(sql: Sql, mapping: Mapping): Promise<{ mapping: StoredMapping; created: boolean }> {
  return translateErrors(async () => {
    if (mapping.timeZone !== undefined) await checkTimeZone(sql, mapping.timeZone);
    const definition = sql.json(definitionOf(mapping) as never);
    const [row] = await sql<(Row & { created: boolean })[]>`
      insert into tripgrid.mappings as m (name, definition) values (${mapping.name}, ${definition})
      on conflict (name) do update set definition = excluded.definition, updated_at = now()
      returning name, definition, created_at, updated_at, xmax = 0 as created`;
    if (!row) throw new Error(`mapping ${mapping.name} was not stored`);
    return { mapping: stored(row), created: row.created };
  });
}

/** Finds a custom mapping. */
export async function findMapping(sql: Sql, name: string): Promise<StoredMapping | undefined> {
  return translateErrors(async () => {
    const [row] = await sql<Row[]>`
      select name, definition, created_at, updated_at from tripgrid.mappings where name = ${name}`;
    return row && stored(row);
  });
}

/** All custom mappings, ordered by name. */
export async function listMappings(sql: Sql): Promise<StoredMapping[]> {
  return translateErrors(async () => {
    const rows = await sql<Row[]>`
      select name, definition, created_at, updated_at from tripgrid.mappings order by name`;
    return rows.map(stored);
  });
}

/**
 * Deletes a custom mapping. Trips that were read by it stay unchanged; batches keep its name.
 *
 * @returns whether the mapping existed
 */
export async function deleteMapping(sql: Sql, name: string): Promise<boolean> {
  return translateErrors(async () => {
    const removed = await sql`delete from tripgrid.mappings where name = ${name} returning 1`;
    return removed.length > 0;
  });
}

const stored = ({ name, definition, created_at, updated_at }: Row): StoredMapping => ({
  ...mappingFrom(name, definition),
  builtIn: false,
  createdAt: created_at,
  updatedAt: updated_at,
});

/** Node and the database each have their own list of zones, and the database reads the times. */
async function checkTimeZone(sql: Sql, zone: string): Promise<void> {
  const [known] = await sql`select from pg_timezone_names where lower(name) = lower(${zone})`;
  if (known) return;
  const detail = `the database does not know the time zone ${JSON.stringify(zone)}`;
  throw new AppError("invalid_parameter", `time_zone: ${detail}`, { errors: [{ field: "time_zone", detail }] });
}
