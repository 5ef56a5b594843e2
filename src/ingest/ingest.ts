import { createHash, randomUUID } from "node:crypto";
import type { Batch, Ingest, IngestRequest, LoadTrips, Receipt } from "../batch.ts";
import { AppError } from "../errors.ts";
import type { Mapping } from "../mapping.ts";
import { yearsFrom } from "../time.ts";
import type { Admission, Admitted } from "./admission.ts";
import { createBudget, type GiveBack } from "./budget.ts";
import { mappingFor } from "./mapping-for.ts";
import type { QueuePayload } from "./queue-payload.ts";
import { type BodyHead, decode, isPacked, readHead, readOn, unpackWhole } from "./read-body.ts";
import { rowsFrom } from "./rows.ts";
import type { SentRows } from "./sent-row.ts";
import { sortRows } from "./sort-rows.ts";

/** A larger request is acknowledged before its rows are stored: one transaction should not take much over a second. */
export const SYNC_ROWS = 50_000;

/** Smaller bodies need not wait for the large ones to be stored; a thousand at once of 64 KB each would take 500 MB. */
const SMALL_BYTES = 16 * 1024;

export interface IngestDeps {
  loadTrips: LoadTrips;
  queuePayload: QueuePayload;
  /** The mappings that were defined here, beside those built in. */
  customMappings: () => Promise<readonly Mapping[]>;
  admission: Admission;
  /** Larger bodies, packed or unpacked, are acknowledged before their rows are stored. */
  syncBodyBytes: number;
  maxBodyBytes: number;
  /** `YYYY-MM-DD`; trips that began earlier are rejected. */
  minTime: string;
  now?: () => Date;
}

/** Makes the way in: small requests are stored at once, others have their payload stored. */
export function createIngest(deps: IngestDeps): Ingest {
  const once = onePerKey();
  const parsing = createBudget(deps.syncBodyBytes);
  return async (request) => {
    const admitted = deps.admission.enter();
    const leave: (GiveBack | undefined)[] = [];
    try {
      const head = await readWithin(deps, request, admitted);
      if (request.respondAsync || head.rest) return await deps.queuePayload(request, head);
      // A body takes ten times its size and more once it is rows, so only as much is in that form as one body may be large.
      const take = async (bytes: number) => {
        const giveBack = await parsing.take(bytes);
        leave.push(giveBack);
        return giveBack;
      };
      const unpacked = await unpackWithin(deps, head.bytes, request.body.contentEncoding, take);
      const sent = unpacked && rowsWithin(decode(unpacked), request);
      if (!sent) return await deps.queuePayload(request, head);
      const digest = digestOf(request).update(unpacked).digest();
      return await once(request, digest, async () => deps.loadTrips(await batchOf(deps, request, sent, digest)));
    } finally {
      for (const one of leave) one?.();
      admitted.leave();
    }
  };
}

/** The body, or as much of it as may be held; of one whose length is not known a little first. */
async function readWithin(deps: IngestDeps, { body }: IngestRequest, admitted: Admitted): Promise<BodyHead> {
  const { syncBodyBytes, maxBodyBytes } = deps;
  const known = body.contentLength;
  // Small bodies take no room, so that they need not wait for large ones that come slowly.
  if (known !== undefined && known > SMALL_BYTES) await admitted.hold(Math.min(known, syncBodyBytes));
  const head = await readHead(body, Math.min(known ?? SMALL_BYTES, syncBodyBytes), maxBodyBytes);
  if (!head.rest || known !== undefined) return head;
  // All at once, since whoever held a part of it while waiting for the rest would wait for others that do the same.
  await admitted.hold(syncBodyBytes);
  return readOn(head, syncBodyBytes);
}

/** All that was read, unpacked; nothing if that is too much to be stored at once. Takes room unless it is small. */
async function unpackWithin(
  { syncBodyBytes }: IngestDeps,
  bytes: Buffer,
  encoding: string | undefined,
  take: (bytes: number) => Promise<GiveBack | undefined>,
): Promise<Buffer | undefined> {
  const small = await unpackWhole(bytes, encoding, Math.min(SMALL_BYTES, syncBodyBytes));
  if (small) return small;
  // How long it will be is known only when it is unpacked: what gzip says of that at its end may be a lie.
  const giveBack = await take(isPacked(encoding) ? syncBodyBytes : bytes.length);
  const unpacked = await unpackWhole(bytes, encoding, syncBodyBytes);
  giveBack?.(unpacked?.length);
  return unpacked;
}

/** The rows; nothing if they are too many to be stored at once. */
function rowsWithin(text: string, { contentType }: IngestRequest): SentRows | undefined {
  try {
    return rowsFrom(text, contentType, SYNC_ROWS);
  } catch (error) {
    if (error instanceof AppError && error.code === "body_too_large") return undefined;
    throw error;
  }
}

async function batchOf(deps: IngestDeps, request: IngestRequest, sent: SentRows, digest: Uint8Array): Promise<Batch> {
  const mapping = await mappingFor(request.mapping, sent, deps.customMappings);
  const batchId = randomUUID();
  const startRange = { min: deps.minTime, max: yearsFrom(deps.now?.() ?? new Date(), 1) };
  const header = sent.form === "csv" ? sent.fields : undefined;
  const sorted = await sortRows(sent.rows, { batchId, mapping, identity: request.identity, header, startRange });
  return {
    batchId,
    mapping: mapping.name,
    columns: header,
    received: sent.rows.length,
    ...sorted,
    identity: request.identity,
    withVerdicts: request.withVerdicts,
    idempotency: request.idempotencyKey === undefined ? undefined : { key: request.idempotencyKey, digest },
    callback: request.callback,
  };
}

/** SHA-256 over a request, to which the bytes of its unpacked body are still to be added. */
export function digestOf({ mapping = "", identity, withVerdicts, callback = "" }: IngestRequest) {
  return createHash("sha256").update(JSON.stringify([mapping, identity, withVerdicts, callback]));
}

/** Requests with the same key and content that are under way in this process at once get the receipt of the first. */
function onePerKey() {
  const underWay = new Map<string, Promise<Receipt>>();
  return (request: IngestRequest, digest: Uint8Array, work: () => Promise<Receipt>): Promise<Receipt> => {
    if (request.idempotencyKey === undefined) return work();
    const id = `${Buffer.from(digest).toString("base64")}${request.idempotencyKey}`;
    const found = underWay.get(id);
    if (found) return found;
    const mine = work().finally(() => underWay.delete(id));
    underWay.set(id, mine);
    return mine;
  };
}
