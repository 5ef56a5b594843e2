import type { Work, WorkRequest } from "../batches/work.ts";
import { type Sql, translateErrors } from "../database/client.ts";

/** Payloads in the database and files are processed side by side, since an import of hours must not hold up a post. */
export type Lane = "payloads" | "files";

/** The number of batches read at the head of the queue, in case other processes work on the first ones, or must. */
const LOOKED_AT = 1000;

interface Row {
  batch_id: string;
  number: number;
  request: WorkRequest;
  mapping: string | null;
  columns: string[] | null;
  bytes: number;
  claim: Claim | null;
  deaths: number;
}

/** The mark that a process leaves in a batch while it works on it. The mark stays if the process ends meanwhile. */
interface Claim {
  by: string;
  /** The number of chunks that were stored when the work began. */
  chunks: number;
  /** Whether the process worked on no other batch. */
  alone: boolean;
}

export interface ClaimedWork {
  work: Work;
  /** The weight of the processes that ended during the work on it and stored nothing of it. */
  deaths: number;
  release(): Promise<void>;
}

/**
 * Claims the oldest batch that no process works on. The lock of a separate session holds it, so it is free again as
 * soon as its process dies. If the lock is lost and two processes work on one batch, each chunk is still stored once.
 *
 * @param openSession opens a separate session for the lock; undefined on the embedded engine, where only this process
 * works
 * @param isMine whether this process can work on a batch and does not do so already
 * @param processId the id by which this process knows its own claims
 * @param hasCrashed whether a process is known to have ended by its own fault
 */
export async function claimWork(
  sql: Sql,
  openSession: (() => Sql) | undefined,
  lane: Lane,
  isMine: (batchId: string, request: WorkRequest) => boolean,
  processId = "",
  hasCrashed: (processId: string) => boolean = () => false,
): Promise<ClaimedWork | undefined> {
  const candidates = await sql<Row[]>`
    select batch_id, request, mapping, columns, bytes from tripgrid.batches
    where state in ('queued', 'running') and (request ? 'file') = ${lane === "files"}
    order by created_at limit ${LOOKED_AT}`;
  for (const { batch_id: batchId, request } of candidates) {
    if (!isMine(batchId, request)) continue;
    const release = openSession ? await tryLock(openSession(), batchId) : async () => {};
    if (!release) continue;
    let found: Omit<ClaimedWork, "release"> | undefined;
    try {
      found = await readWork(sql, batchId, processId, hasCrashed);
    } finally {
      // Otherwise the session would hold the lock for as long as this process runs.
      if (!found) await release();
    }
    if (found) return { ...found, release };
  }
  return undefined;
}

/** The session ends with the work, since a query on a session with a lost connection would never be answered. */
async function tryLock(session: Sql, batchId: string): Promise<(() => Promise<void>) | undefined> {
  const release = () => session.end({ timeout: 1 });
  try {
    const [row] = await session<{ locked: boolean }[]>`
      select pg_try_advisory_lock(hashtextextended(${batchId}, 0)) as locked`;
    if (row?.locked) return release;
  } catch (error) {
    await release();
    throw error;
  }
  await release();
  return undefined;
}

/** The batch as it is now, if there is still work to do. */
async function readWork(
  sql: Sql,
  batchId: string,
  processId: string,
  hasCrashed: (processId: string) => boolean,
): Promise<Omit<ClaimedWork, "release"> | undefined> {
  const [row] = await sql<Row[]>`
    select batch_id, number, request, mapping, columns, bytes, claim, deaths from tripgrid.batches
    where batch_id = ${batchId} and state in ('queued', 'running')`;
  if (!row) return undefined;
  const chunks = await sql<{ chunk: number; rows: number; end_byte: number }[]>`
    select chunk, rows, end_byte from tripgrid.batch_chunks where batch_id = ${batchId} order by chunk`;
  const work = {
    batchId,
    number: row.number,
    request: row.request,
    mapping: row.mapping ?? undefined,
    columns: row.columns ?? undefined,
    bytes: row.bytes,
    chunks: new Map(chunks.map(({ chunk, rows, end_byte }) => [chunk, { rows, endByte: end_byte }])),
  };
  return { work, deaths: deathsOf(row, chunks.length, processId, hasCrashed) };
}

/**
 * The weights of a death by the process's own fault, and of a death of unknown cause: a process may be killed at any
 * time.
 */
export const CRASH = 5;
export const KILL = 1;

/**
 * The weight of the deaths of processes against a batch. A claim that is left behind shows one death. It counts unless
 * something was stored since. For a batch that was not processed alone, only the first death counts: another batch may
 * have caused the others.
 */
export function deathsOf(
  { claim, deaths }: Pick<Row, "claim" | "deaths">,
  chunks: number,
  processId: string,
  hasCrashed: (processId: string) => boolean,
): number {
  if (!claim || claim.by === processId) return deaths;
  if (chunks > claim.chunks) return 0;
  return deaths === 0 || claim.alone ? deaths + (hasCrashed(claim.by) ? CRASH : KILL) : deaths;
}

/** Marks a batch as worked on by this process. */
export async function beginWork(
  sql: Sql,
  { work, deaths }: Pick<ClaimedWork, "work" | "deaths">,
  processId: string,
): Promise<void> {
  const claim: Claim = { by: processId, chunks: work.chunks.size, alone: deaths > 0 };
  await translateErrors(
    () => sql`
      update tripgrid.batches set claim = ${JSON.stringify(claim)}::text::jsonb, deaths = ${deaths}
      where batch_id = ${work.batchId} and state in ('queued', 'running')`,
  );
}

/** Removes this process's mark after work that ended in order, whatever its result. */
export async function endWork(sql: Sql, batchId: string, processId: string): Promise<void> {
  await translateErrors(
    () => sql`
      update tripgrid.batches set claim = null, deaths = 0
      where batch_id = ${batchId} and state in ('queued', 'running') and claim ->> 'by' = ${processId}`,
  );
}

/** The number of batches that are set aside because they ended processes. */
export async function countPoison(sql: Sql): Promise<number> {
  const [row] = await sql<{ batches: number }[]>`
    select count(*) as batches from tripgrid.batches where error ->> 'code' = 'poison'`;
  return row?.batches ?? 0;
}
