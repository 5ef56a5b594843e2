import { type Sql, type Transaction, translateErrors } from "../database/client.ts";

/** A partition of a topic. */
export interface PartitionId {
  topic: string;
  partition: number;
}

/** The right to store the messages of a partition, from its stored position on. A later claim ends it. */
export interface Claim extends PartitionId {
  epoch: number;
  /** The next position to read. Undefined: nothing of the partition is stored yet. */
  position: number | undefined;
  /** The log that the position belongs to, where the broker tells it. */
  logId: string | undefined;
}

/** Another process has claimed the partition, or its position was moved. Nothing was stored. */
export class Fenced extends Error {
  override readonly name = "Fenced";
}

interface Row {
  position: number | null;
  log_id: string | null;
  epoch: number;
}

/**
 * Takes over a partition. It waits for a transaction of the former owner, whose later ones fail with `Fenced`.
 *
 * @param owner id of this process, for operators who read the table
 * @throws AppError database_unavailable
 */
export async function claimPartition(sql: Sql, { topic, partition }: PartitionId, owner: string): Promise<Claim> {
  const [row] = await translateErrors(
    () => sql<Row[]>`
      insert into tripgrid.broker_positions as p (topic, partition, owner) values (${topic}, ${partition}, ${owner})
      on conflict (topic, partition) do update set epoch = p.epoch + 1, owner = excluded.owner, updated_at = now()
      returning position, log_id, epoch`,
  );
  if (!row) throw new Error(`the partition ${partition} of ${topic} was not claimed`);
  return {
    ...{ topic, partition, epoch: row.epoch },
    position: row.position ?? undefined,
    logId: row.log_id ?? undefined,
  };
}

/** Stores why a partition is not read. Undefined: it is read. */
export async function setProblem(sql: Sql, { topic, partition, epoch }: Claim, problem: string | undefined) {
  await translateErrors(
    () => sql`
      update tripgrid.broker_positions set problem = ${problem ?? null}, updated_at = now()
      where (topic, partition, epoch) = (${topic}, ${partition}, ${epoch}) and problem is distinct from ${problem ?? null}`,
  );
}

/**
 * Moves the position of a partition in the transaction that stores its rows. The row stays locked until the transaction
 * ends, so two processes store one after the other, and the second one fails.
 *
 * @throws Fenced if the claim has ended or the stored position is another one
 */
export async function movePosition(
  tx: Transaction,
  { topic, partition, epoch, position }: Claim,
  to: { position: number; logId: string | undefined; sentAt: number | undefined },
): Promise<void> {
  const moved = await tx`
    update tripgrid.broker_positions
    set position = ${to.position}, log_id = ${to.logId ?? null}, problem = null, updated_at = now(),
        last_sent_at = coalesce(to_timestamp(${to.sentAt === undefined ? null : to.sentAt / 1000}::float8), last_sent_at)
    where (topic, partition, epoch) = (${topic}, ${partition}, ${epoch}) and position is not distinct from ${position ?? null}
    returning 1`;
  if (moved.length === 0) throw new Fenced(`partition ${partition} of ${topic} is not ours from ${position} on`);
}
