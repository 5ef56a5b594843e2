import type { Work, WorkRequest } from "../batch.ts";
import type { Sql } from "./client.ts";

/** Payloads in the database and files are worked on side by side: an import of hours must not hold up a post. */
export type Lane = "payloads" | "files";

/** How many batches at the head of the queue are looked at, in case others work on the first ones, or must. */
const LOOKED_AT = 1000;

interface Row {
  batch_id: string;
  request: WorkRequest;
  mapping: string | null;
  columns: string[] | null;
  bytes: number;
}

export interface ClaimedWork {
  work: Work;
  release(): Promise<void>;
}

/**
 * Takes the oldest batch that nobody works on. It is held by a lock of a session of its own, so it is free again as soon
 * as its process dies. Should the lock be lost and two work on one batch, each chunk is still stored once.
 *
 * @param openSession opens a session of its own for the lock; none on the embedded engine, where only this process works
 * @param isMine whether this process can work on a batch and does not do so already
 */
export async function claimWork(
  sql: Sql,
  openSession: (() => Sql) | undefined,
  lane: Lane,
  isMine: (batchId: string, request: WorkRequest) => boolean,
): Promise<ClaimedWork | undefined> {
  const candidates = await sql<Row[]>`
    select batch_id, request, mapping, columns, bytes from tripgrid.batches
    where state in ('queued', 'running') and (request ? 'file') = ${lane === "files"}
    order by created_at limit ${LOOKED_AT}`;
  for (const { batch_id: batchId, request } of candidates) {
    if (!isMine(batchId, request)) continue;
    const release = openSession ? await tryLock(openSession(), batchId) : async () => {};
    if (!release) continue;
    let work: Work | undefined;
    try {
      work = await readWork(sql, batchId);
    } finally {
      // Its session would hold the lock for as long as this process runs.
      if (!work) await release();
    }
    if (work) return { work, release };
  }
  return undefined;
}

/** The session ends with the work: a query on a session whose connection was lost would never be answered. */
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
async function readWork(sql: Sql, batchId: string): Promise<Work | undefined> {
  const [row] = await sql<Row[]>`
    select batch_id, request, mapping, columns, bytes from tripgrid.batches
    where batch_id = ${batchId} and state in ('queued', 'running')`;
  if (!row) return undefined;
  const chunks = await sql<{ chunk: number; rows: number; end_byte: number }[]>`
    select chunk, rows, end_byte from tripgrid.batch_chunks where batch_id = ${batchId} order by chunk`;
  return {
    batchId,
    request: row.request,
    mapping: row.mapping ?? undefined,
    columns: row.columns ?? undefined,
    bytes: row.bytes,
    chunks: new Map(chunks.map(({ chunk, rows, end_byte }) => [chunk, { rows, endByte: end_byte }])),
  };
}
