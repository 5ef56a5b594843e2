import { randomUUID } from "node:crypto";
import { basename, relative, sep } from "node:path";
import type { Progress } from "../batches/receipt.ts";
import type { SentFile } from "../batches/work.ts";
import { type Sql, type Transaction, translateErrors } from "../database/client.ts";
import { insertQueued } from "../ingest/queue-batch.db.ts";
import { withFreeNumber } from "../storage/batch-numbers.db.ts";
import type { FileToImport, Import, ImportCursor, ImportPage } from "./imports.ts";

/** Lists the imports of a file, one for each of its tables, and queues their batches, in one transaction. */
export async function recordImports(sql: Sql, given: readonly FileToImport[]): Promise<string[]> {
  return translateErrors(() =>
    withFreeNumber(() =>
      sql.begin(async (tx) => {
        const ids: string[] = [];
        for (const one of given) {
          const id = await record(tx, one);
          if (id !== undefined) ids.push(id);
        }
        return ids;
      }),
    ),
  ) as Promise<string[]>;
}

/**
 * Lists a file as an import and queues its batch. If the content was imported before in the same
 * way, the import gets the earlier batch. If such an import of this file is under way, its id is returned.
 *
 * @returns its id; undefined if the file was to be listed only if unknown, and is known
 */
async function record(tx: Transaction, given: FileToImport): Promise<string | undefined> {
  const { file, request, fault } = given;
  const member = file.member ? JSON.stringify(file.member) : null;
  // If two processes see the same file at the same time, the second finds the import of the first.
  await tx`select pg_advisory_xact_lock(hashtextextended('tripgrid import ' || ${file.path}, 0))`;
  const [known] = await tx<{ import_id: string; is_open: boolean }[]>`
    select import_id, state in ('queued', 'running') and request ->> 'mapping' is not distinct from ${request.mapping ?? null}
                      and not already_imported as is_open
    from tripgrid.imports i join tripgrid.batches b using (batch_id)
    where path = ${file.path} and i.bytes = ${file.bytes} and modified_at = ${file.modifiedAt}
      and request -> 'file' -> 'member' is not distinct from ${member}::text::jsonb
    order by i.created_at desc limit 1`;
  if (known && given.onlyUnknown) return undefined;
  if (known?.is_open) return known.import_id;

  const batchId = randomUUID();
  if (fault) {
    await insertQueued(tx, batchId, request, file.bytes, given.owner);
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
      await insertQueued(tx, batchId, request, file.bytes, given.owner);
      return claimed ?? insertImport(tx, given, { batchId, claim: null, alreadyImported: false });
    }
    const [before] = await tx<{ batch_id: string }[]>`
      select batch_id from tripgrid.imports where claim = ${claim}`;
    // If there is none, the earlier import has failed just now, and this one can be tried again.
    if (before) return insertImport(tx, given, { batchId: before.batch_id, claim: null, alreadyImported: true });
  }
}

/** The key of an import that may happen only once: a content, read in one way. */
const claimOf = ({ digest, request }: FileToImport): Buffer => Buffer.concat([digest, Buffer.from(wayOf(request))]);

/** The way in which a content is read, as far as it changes what becomes of its rows. */
function wayOf({ mapping = "", identity, source, charset }: FileToImport["request"]): string {
  const more = [identity === "row" ? "row" : null, source ?? null, charset ?? null];
  return more.every((one) => one === null) ? mapping : JSON.stringify([mapping, ...more]);
}

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

/** The paths of the given files that are listed as imports in their present state. */
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

/**
 * A page of imports, newest first, after the import that the cursor names.
 *
 * @param owner the only owner whose imports are listed. Undefined: all
 */
export async function listImports(
  sql: Sql,
  inbox: string,
  limit: number,
  after?: ImportCursor,
  owner?: string,
): Promise<ImportPage> {
  return translateErrors(async () => {
    const rows = await sql<Row[]>`
      ${selected(sql)}
      where (${owner ?? null}::text is null or owner = ${owner ?? null})
      ${after ? sql`and (i.created_at, import_id) < (${after.createdAt}::timestamptz, ${after.importId}::uuid)` : sql``}
      order by i.created_at desc, import_id desc limit ${limit + 1}`;
    const imports = rows.slice(0, limit).map((row) => importOf(row, inbox));
    const last = imports.at(-1);
    const next = rows.length > limit && last ? { createdAt: last.created_at, importId: last.import_id } : undefined;
    return { imports, next };
  });
}

/**
 * One import. Undefined: there is none with this id.
 *
 * @param owner the only owner whose imports are found. Undefined: all
 */
export async function findImport(
  sql: Sql,
  inbox: string,
  importId: string,
  owner?: string,
): Promise<Import | undefined> {
  return translateErrors(async () => {
    const [row] = await sql<Row[]>`${selected(sql)} 
      where import_id = ${importId} and (${owner ?? null}::text is null or owner = ${owner ?? null})`;
    return row && importOf(row, inbox);
  });
}

type Row = Omit<Import, "file" | "path" | "error" | "progress"> & {
  path: string;
  member: string | null;
  error: Import["error"] | null;
  progress: Progress | null;
};

const selected = (sql: Sql) => sql`
  select import_id, path, request -> 'file' -> 'member' ->> 'name' as member, i.bytes, state, mapping, received as rows, inserted, duplicates, rejected,
         coalesce(round((received / nullif(busy_seconds, 0))::numeric, 1), 0) as rows_per_second,
         i.created_at, started_at, coalesce(committed_at, (error ->> 'at')::timestamptz) as ended_at,
         already_imported, i.batch_id, error,
         case when state in ('queued', 'running') then jsonb_build_object(
           'bytes', b.bytes, 'bytes_done', bytes_done,
           'rows_per_second', coalesce(round((received / nullif(busy_seconds, 0))::numeric, 1), 0),
           'seconds_left', round((busy_seconds * (b.bytes - bytes_done) / nullif(bytes_done, 0))::numeric))
         end as progress
  from tripgrid.imports i join tripgrid.batches b using (batch_id)`;

function importOf({ import_id, path, member, error, progress, ...rest }: Row, inbox: string): Import {
  const below = path.startsWith(inbox + sep) ? relative(inbox, path) : undefined;
  return {
    import_id,
    file: member ? `${basename(path)}/${member}` : basename(path),
    ...(below === undefined ? {} : { path: below }),
    ...rest,
    ...(error ? { error: { code: error.code, detail: error.detail } } : {}),
    ...(progress ? { progress } : {}),
  };
}
