import type { Batch } from "../../src/batches/batch.ts";
import type { IngestRequest } from "../../src/batches/ingest-request.ts";
import type { Receipt } from "../../src/batches/receipt.ts";
import { createAdmission } from "../../src/ingest/admission.ts";
import { createIngest, type IngestDeps } from "../../src/ingest/receive-trips.ts";
import { createRoom } from "../../src/kit/room.ts";
import type { BodyHead } from "../../src/parsing/read-body.ts";

const MB = 1024 * 1024;

/** Where a request ends: as a batch that is stored at once, or as a payload for later. */
export type TakenIn = { batch: Batch; queued?: never } | { batch?: never; queued: BodyHead };

/** Takes a request in with the real rules, and stores nothing. */
export async function takenIn(
  body: string | Uint8Array,
  request: Partial<IngestRequest> = {},
  deps: Partial<IngestDeps> = {},
): Promise<TakenIn> {
  let taken: TakenIn | undefined;
  const ingest = createIngest({
    loadTrips: async (batch) => {
      taken = { batch };
      return {} as Receipt;
    },
    queuePayload: async (_, queued) => {
      taken = { queued };
      return {} as Receipt;
    },
    customMappings: async () => [],
    receiveContainer: () => Promise.reject(new Error("no container")),
    lookupsFor: async () => new Map(),
    admission: createAdmission(10, createRoom(32 * MB)),
    syncBodyBytes: MB,
    maxBodyBytes: MB,
    minTime: "2000-01-01",
    ...deps,
  });
  await ingest({ ...requestOf(body), ...request });
  if (!taken) throw new Error("nothing came");
  return taken;
}

/** A request with this body that asks for nothing special. */
export function requestOf(body: string | Uint8Array): IngestRequest {
  return {
    body: { stream: new Blob([body as never]).stream(), contentLength: undefined, contentEncoding: undefined },
    contentType: undefined,
    mapping: undefined,
    identity: "content",
    withVerdicts: false,
    idempotencyKey: undefined,
    respondAsync: false,
    callback: undefined,
  };
}
