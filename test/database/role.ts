import { randomBytes } from "node:crypto";
import { asAdmin, inDatabase, type TestDatabase } from "../harness/index.ts";

/** Runs a test as an ordinary user of the server, who comes with the test and goes with it. */
export async function asOrdinaryUser(
  database: TestDatabase,
  { isOwner }: { isOwner: boolean },
  test: (env: Record<string, string>) => Promise<void>,
): Promise<void> {
  const name = `tg_test_${randomBytes(4).toString("hex")}`;
  const url = new URL(database.databaseUrl ?? "");
  const databaseName = url.pathname.slice(1);
  await asAdmin((sql) => sql.unsafe(`create role ${name} login password '${name}'`));
  try {
    if (isOwner) await asAdmin((sql) => sql.unsafe(`alter database ${databaseName} owner to ${name}`));
    url.username = name;
    url.password = name;
    await test({ ...database.env, DATABASE_URL: url.href });
  } finally {
    // What the role owns goes with the database; a role that owns something cannot be dropped.
    await database.drop();
    await asAdmin((sql) => sql.unsafe(`drop role ${name}`));
  }
}

/** Does what the administrator of a managed server does before handing the database over. */
export async function createExtensions(database: TestDatabase, schema: string): Promise<void> {
  await inDatabase(database, async (sql) => {
    const [server] = await sql<{ preloads: boolean }[]>`
      select current_setting('shared_preload_libraries') ~ '\\mtimescaledb\\M' as preloads`;
    if (server?.preloads) await sql`create extension if not exists timescaledb schema public`;
    await sql`create schema if not exists ${sql(schema)}`;
    await sql`create extension if not exists postgis schema ${sql(schema)}`;
  });
}
