import type { Batch } from "../batches/batch.ts";
import type { DryRun, IngestRequest } from "../batches/ingest-request.ts";
import type { Receipt } from "../batches/receipt.ts";
import { AppError } from "../errors.ts";
import type { BodyHead } from "../parsing/read-body.ts";
import {
  batchOf,
  createRowsRoom,
  type IngestDeps,
  kindOfBody,
  readUpTo,
  rowsWithin,
  SYNC_ROWS,
  unpackWithin,
} from "./receive-trips.ts";

/** Creates the dry run: a request is read like any other, and nothing of it is stored. */
export function createDryRun(deps: IngestDeps & { tryBatch: (batch: Batch) => Promise<Receipt> }): DryRun {
  return async (sent) => {
    const admitted = deps.admission.enter();
    const tryText = async (request: IngestRequest, head: BodyHead): Promise<Receipt> => {
      const rowsRoom = createRowsRoom(deps);
      try {
        const unpacked = head.rest ? undefined : await unpackWithin(deps, head.bytes, request, admitted.body);
        if (unpacked) await rowsRoom.wait(unpacked);
        const rows = unpacked && (await rowsWithin(unpacked, request, deps));
        if (!rows) throw tooLargeToTry(deps.syncBodyBytes);
        await rowsRoom.topUp(rows.rows.length);
        return await deps.tryBatch(
          await batchOf(deps, { ...request, idempotencyKey: undefined }, rows, Buffer.alloc(0)),
        );
      } finally {
        rowsRoom.release();
      }
    };
    try {
      const head = await readUpTo(deps, sent, admitted);
      const { kind, request } = kindOfBody(sent, head);
      const tried =
        kind === "text" || kind === "gzip"
          ? await tryText(request, head)
          : await deps.receiveContainer(request, head, kind, async (member) =>
              tryText(member, await readUpTo(deps, member, admitted)),
            );
      if (Array.isArray(tried)) {
        throw new AppError("invalid_body", "A dry run takes one file; the ZIP holds several. Send one of them.");
      }
      const { batch_id, state, created_at, committed_at, ...receipt } = tried;
      return receipt;
    } finally {
      admitted.leave();
    }
  };
}

function tooLargeToTry(maxBytes: number): AppError {
  const detail = `A dry run takes at most ${maxBytes} bytes and ${SYNC_ROWS} rows; send the first rows of the file.`;
  return new AppError("body_too_large", detail, { max_bytes: maxBytes, max_rows: SYNC_ROWS });
}
