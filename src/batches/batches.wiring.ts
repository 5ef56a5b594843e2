import { maySee } from "../kit/bounds.ts";
import type { Wiring } from "../wiring.ts";
import { findBatch, findOwner } from "./find-batch.db.ts";
import type { FindBatch } from "./receipt.ts";
import { findRejects } from "./rejected-rows.db.ts";
import type { FindRejects } from "./rejects.ts";

/** A batch of another owner is answered like one that does not exist. */
export const wireBatches = ({ sql, questions }: Wiring): { findBatch: FindBatch; findRejects: FindRejects } => ({
  findBatch: async (id) => ((await isVisible({ sql }, id)) ? findBatch(sql, id) : undefined),
  findRejects: async (id) => ((await isVisible({ sql }, id)) ? findRejects(questions, id) : undefined),
});

/** Whether the caller may see a batch. A batch that is not there may be looked for. */
export async function isVisible({ sql }: Pick<Wiring, "sql">, batchId: string): Promise<boolean> {
  return maySee(null) || maySee((await findOwner(sql, batchId)) ?? null);
}
