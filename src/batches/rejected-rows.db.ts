import { type Sql, translateErrors } from "../database/client.ts";
import type { KeptReject, Rejects } from "./rejects.ts";

/**
 * A page ends after this many rows, or with the row that reaches this many bytes: a record can be as large as a
 * request.
 */
const ROWS_A_PAGE = 2000;
const BYTES_A_PAGE = 4 * 1024 * 1024;

/** The rejected rows of a batch; undefined if there is no such batch. */
export async function findRejects(sql: Sql, batchId: string): Promise<Rejects | undefined> {
  return translateErrors(async () => {
    const [batch] = await sql<{ columns: string[] | null }[]>`
      select columns from tripgrid.batches where batch_id = ${batchId}`;
    return batch && { columns: batch.columns ?? undefined, pages: () => pages(sql, batchId) };
  });
}

/** Reads each page by a separate query. One transaction would stay open while a client reads a million rows. */
async function* pages(sql: Sql, batchId: string): AsyncGenerator<KeptReject[]> {
  for (let last = 0; ; ) {
    const page = await translateErrors(() => pageAfter(sql, batchId, last));
    if (page.length === 0) return;
    last = page.at(-1)?.row ?? last;
    yield page;
  }
}

async function pageAfter(sql: Sql, batchId: string, row: number): Promise<KeptReject[]> {
  return sql<KeptReject[]>`
    select row, problems, record
    from (select row, problems, record, sum(octet_length(record)) over (order by row) - octet_length(record) as before
          from (select row, problems, record from tripgrid.rejected_rows
                where batch_id = ${batchId} and row > ${row} order by row limit ${ROWS_A_PAGE}) first) page
    where before < ${BYTES_A_PAGE}::bigint order by row`;
}

/** The records of these rows. Rows that are not rejected rows of the batch are left out. */
export async function findRejectedRecords(
  sql: Sql,
  batchId: string,
  rows: readonly number[],
): Promise<Map<number, string>> {
  return translateErrors(async () => {
    const found = await sql<{ row: number; record: string }[]>`
      select row, record from tripgrid.rejected_rows where batch_id = ${batchId} and row = any (${rows as number[]}::int[])`;
    return new Map(found.map(({ row, record }) => [row, record]));
  });
}
