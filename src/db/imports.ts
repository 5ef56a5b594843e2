import { randomUUID } from "node:crypto";
import { basename, relative, sep } from "node:path";
import type { Progress, SentFile } from "../batch.ts";
import type { FileToImport, Import, ImportCursor, ImportPage } from "../imports.ts";
import { type Sql, type Transaction, translateErrors } from "./client.ts";
import { insertQueued } from "./queue-batch.ts";

/**
 * Lists a file as an import and queues its batch, in one transaction. Whose content was imported before, in the same way,
 * gets the batch of then; one that is under way is given as it is.
 *
 * @returns its id; undefined if it was to be listed only if unknown, and is known
 */
export async function recordImport(sql: Sql, given: FileToImport): Promise<string | undefined> {
  return translateErrors(() => sql.begin((tx) => record(tx, given))) as Promise<string | undefined>;
}

async function record(tx: Transaction, given: FileToImport): Promise<string | undefined> {
  const { file, request, fault } = given;
  // Two who see the same file at the same time: the second one finds what the first has made of it.
  await tx`select pg_advisory_xact_lock(hashtextextended('tripgrid import ' || ${file.path}, 0))`;
  const [known] = await tx<{ import_id: string; is_open: boolean }[]>`
    select import_id, state in ('queued', 'running') and request ->> 'mapping' is not distinct from ${request.mapping ?? null}
                      and not already_imported as is_open
    from tripgrid.imports i join tripgrid.batches b using (batch_id)
    where path = ${file.path} and i.bytes = ${file.bytes} and modified_at = ${file.modifiedAt}
    order by i.created_at desc limit 1`;
  if (known && given.onlyUnknown) return undefined;
  if (known?.is_open) return known.import_id;

  const batchId = randomUUID();
  if (fault) {
    await insertQueued(tx, batchId, request, file.bytes);
    await tx`
      update tripgrid.batches
      set state = 'failed', bytes_done = bytes, error = ${JSON.stringify({ ...fault, at: new Date().toISOString() })}::text::jsonb
      where batch_id = ${batchId}`;
    return insertImport(tx, given, { batchId, claim: null, alreadyImported: false });
  }
  for (;;) {
    const claim = claimOf(given);
    const claimed = await insertImport(tx, given, { batchId, claim, alreadyImported: false });
    if (claimed !== undefined || given.again) {
      await insertQueued(tx, batchId, request, file.bytes);
      return claimed ?? insertImport(tx, given, { batchId, claim: null, alreadyImported: false });
    }
    const [before] = await tx<{ batch_id: string }[]>`
      select batch_id from tripgrid.imports where claim = ${claim}`;
    // Without one it has failed just now, and can be tried again.
    if (before) return insertImport(tx, given, { batchId: before.batch_id, claim: null, alreadyImported: true });
  }
}

/** What may be imported once: a content, read in one way. */
const claimOf = ({ digest, request }: FileToImport): Buffer =>
  Buffer.concat([digest, Buffer.from(request.mapping ?? "")]);

/** @returns undefined if the claim is held by another import */
async function insertImport(
  tx: Transaction,
  { file, digest }: FileToImport,
  row: { batchId: string; claim: Buffer | null; alreadyImported: boolean },
): Promise<string | undefined> {
  const [inserted] = await tx<{ import_id: string }[]>`
    insert into tripgrid.imports (import_id, path, bytes, modified_at, digest, batch_id, claim, already_imported)
    values (${randomUUID()}, ${file.path}, ${file.bytes}, ${file.modifiedAt}, ${Buffer.from(digest)}, ${row.batchId},
            ${row.claim}, ${row.alreadyImported})
    on conflict (claim) do nothing returning import_id`;
  return inserted?.import_id;
}

/** Those of these files that are listed as imports, in the state that they have now. */
export async function knownFiles(sql: Sql, files: readonly SentFile[]): Promise<Set<string>> {
  if (files.length === 0) return new Set();
  return translateErrors(async () => {
    const rows = await sql<{ path: string }[]>`
      select distinct path
      from unnest(${files.map((f) => f.path)}::text[], ${files.map((f) => f.bytes)}::bigint[],
                  ${files.map((f) => f.modifiedAt)}::timestamptz[]) f (path, bytes, modified_at)
      join tripgrid.imports using (path, bytes, modified_at)`;
    return new Set(rows.map(({ path }) => path));
  });
}

/** A page of imports, newest first, after the one that the cursor names. */
export async function listImports(sql: Sql, inbox: string, limit: number, after?: ImportCursor): Promise<ImportPage> {
  return translateErrors(async () => {
    const rows = await sql<Row[]>`
      ${selected(sql)}
      ${after ? sql`where (i.created_at, import_id) < (${after.createdAt}::timestamptz, ${after.importId}::uuid)` : sql``}
      order by i.created_at desc, import_id desc limit ${limit + 1}`;
    const imports = rows.slice(0, limit).map((row) => importOf(row, inbox));
    const last = imports.at(-1);
    const next = rows.length > limit && last ? { createdAt: last.created_at, importId: last.import_id } : undefined;
    return { imports, next };
  });
}

/** One import; undefined if there is none of this id. */
export async function findImport(sql: Sql, inbox: string, importId: string): Promise<Import | undefined> {
  return translateErrors(async () => {
    const [row] = await sql<Row[]>`${selected(sql)} where import_id = ${importId}`;
    return row && importOf(row, inbox);
  });
}

type Row = Omit<Import, "file" | "path" | "error" | "progress"> & {
  path: string;
  error: Import["error"] | null;
  progress: Progress | null;
};

const selected = (sql: Sql) => sql`
  select import_id, path, i.bytes, state, mapping, received as rows, inserted, duplicates, rejected,
         coalesce(round((received / nullif(busy_seconds, 0))::numeric, 1), 0) as rows_per_second,
         i.created_at, started_at, coalesce(committed_at, (error ->> 'at')::timestamptz) as ended_at,
         already_imported, i.batch_id, error,
         case when state in ('queued', 'running') then jsonb_build_object(
           'bytes', b.bytes, 'bytes_done', bytes_done,
           'rows_per_second', coalesce(round((received / nullif(busy_seconds, 0))::numeric, 1), 0),
           'seconds_left', round((busy_seconds * (b.bytes - bytes_done) / nullif(bytes_done, 0))::numeric))
         end as progress
  from tripgrid.imports i join tripgrid.batches b using (batch_id)`;

function importOf({ import_id, path, error, progress, ...rest }: Row, inbox: string): Import {
  const below = path.startsWith(inbox + sep) ? relative(inbox, path) : undefined;
  return {
    import_id,
    file: basename(path),
    ...(below === undefined ? {} : { path: below }),
    ...rest,
    ...(error ? { error: { code: error.code, detail: error.detail } } : {}),
    ...(progress ? { progress } : {}),
  };
}
