import { randomUUID } from "node:crypto";
import type { Batch, LoadTrips } from "../batches/batch.ts";
import type { Ingest, IngestRequest, MemberReceipt } from "../batches/ingest-request.ts";
import type { Receipt } from "../batches/receipt.ts";
import { type FileKind, kindInGzip, kindOf, multipart } from "../containers/file-kind.ts";
import type { IngestText } from "../containers/receive-container.ts";
import { AppError } from "../errors.ts";
import { currentBound, currentOwner } from "../kit/bounds.ts";
import type { Hold } from "../kit/room.ts";
import { type BodyHold, SMALL_BYTES } from "../kit/sent-bytes.ts";
import type { LookupsFor } from "../lookups/lookup.ts";
import type { Mapping } from "../mappings/mapping.ts";
import { mappingFor, readingBy } from "../mappings/mapping-for.ts";
import { classifyRows } from "../parsing/classify-rows.ts";
import { type BodyHead, isPacked, readHead, unpackWhole } from "../parsing/read-body.ts";
import { readRows } from "../parsing/read-rows.ts";
import { ROW_LIMITS, type RowLimits } from "../parsing/row-limits.ts";
import { roomForRows, topUp } from "../parsing/row-room.ts";
import type { SentRows } from "../parsing/sent-row.ts";
import { yearsFrom } from "../time/time.ts";
import type { Admission, Admitted } from "./admission.ts";
import type { QueuePayload } from "./queue-payload.ts";
import { digestOver, idempotencyOf } from "./request-digest.ts";

/**
 * A request with more rows is acknowledged before its rows are stored, since one transaction should not take much over
 * a second.
 */
export const SYNC_ROWS = 50_000;

export interface IngestDeps {
  loadTrips: LoadTrips;
  queuePayload: QueuePayload;
  /** Takes in the tables of a container, each as a text. */
  receiveContainer: (
    request: IngestRequest,
    head: BodyHead,
    kind: FileKind,
    ingest: IngestText,
  ) => Promise<Receipt | MemberReceipt[]>;
  /** The mappings that were defined here, beside those built in. */
  customMappings: () => Promise<readonly Mapping[]>;
  lookupsFor: LookupsFor;
  admission: Admission;
  /** Larger bodies, packed or unpacked, are acknowledged before their rows are stored. */
  syncBodyBytes: number;
  maxBodyBytes: number;
  /** A slower sender is cut off. Undefined: no sender is cut off. */
  minBytesPerS?: number;
  limits?: RowLimits;
  /** `YYYY-MM-DD`; trips that began earlier are rejected. */
  minTime: string;
  now?: () => Date;
  /** A request is refused after this time without room for its rows. Undefined: it waits without limit. */
  deadlineMs?: number;
}

/** Creates the intake. Small requests are stored at once. For others, the payload is stored. */
export function createIngest(deps: IngestDeps): Ingest {
  const once = onePerKey();
  return async (request) => {
    const admitted = deps.admission.enter();
    try {
      return await ingestBody(request, admitted);
    } finally {
      admitted.leave();
    }
  };

  async function ingestBody(sent: IngestRequest, admitted: Admitted): Promise<Receipt | MemberReceipt[]> {
    const isLarge = (sent.body.contentLength ?? 0) > deps.syncBodyBytes;
    const head = await readUpTo(deps, sent, admitted, sent.respondAsync || isLarge ? FIRST_BYTES : undefined);
    const { kind, request } = kindOfBody(sent, head);
    if (kind === "text" || kind === "gzip") return ingestText(request, head, admitted);
    return deps.receiveContainer(request, head, kind, async (member) =>
      ingestText(member, await readUpTo(deps, member, admitted), admitted),
    );
  }

  async function ingestText(request: IngestRequest, head: BodyHead, admitted: Admitted): Promise<Receipt> {
    const rowsRoom = createRowsRoom(deps);
    try {
      const unpacked = head.rest ? undefined : await unpackWithin(deps, head.bytes, request, admitted.body);
      if (unpacked) await rowsRoom.wait(unpacked);
      const sent = unpacked && !request.respondAsync ? await rowsWithin(unpacked, request, deps) : undefined;
      if (!sent || !unpacked) return await deps.queuePayload(request, head, admitted.body);
      await rowsRoom.topUp(sent.rows.length);
      const digest = await digestOver(request, unpacked);
      return await once(request, digest, async () => deps.loadTrips(await batchOf(deps, request, sent, digest)));
    } finally {
      rowsRoom.release();
    }
  }
}

/** The first piece of a large body is read before it is queued, since it tells the kind of the body. */
const FIRST_BYTES = 0;

/**
 * What a body is, by its first bytes. A gzip need not be declared.
 *
 * @throws AppError unsupported_file if it holds no rows
 */
export function kindOfBody(request: IngestRequest, { bytes }: BodyHead): { kind: FileKind; request: IngestRequest } {
  if (/^multipart\//i.test(request.contentType?.trim() ?? "")) throw multipart();
  const { contentEncoding } = request.body;
  if (isPacked(contentEncoding)) return { kind: kindInGzip(bytes), request };
  const kind = kindOf(bytes);
  if (kind !== "gzip") return { kind, request };
  return { kind: kindInGzip(bytes), request: { ...request, body: { ...request.body, contentEncoding: "gzip" } } };
}

/** Room for the rows of one request. */
export function createRowsRoom({ admission: { room }, deadlineMs }: Pick<IngestDeps, "admission" | "deadlineMs">) {
  let hold: Hold | undefined;
  return {
    wait: async (text: Uint8Array) => {
      hold = await roomForRows(room, text, deadlineMs);
    },
    topUp: async (rows: number) => {
      hold = await topUp(room, hold, rows);
    },
    release: () => hold?.release(),
  };
}

/** Reads the body, or the part that may be stored at once. Nothing is read ahead of a body that is queued. */
export async function readUpTo(
  {
    syncBodyBytes,
    maxBodyBytes,
    minBytesPerS = 0,
  }: Pick<IngestDeps, "syncBodyBytes" | "maxBodyBytes" | "minBytesPerS">,
  { body }: Pick<IngestRequest, "body">,
  admitted: Admitted,
  most = syncBodyBytes,
): Promise<BodyHead> {
  return readHead(body, most, maxBodyBytes, { hold: admitted.body, minBytesPerS });
}

/** Unpacks all bytes that were read. Undefined: the result is too large to be stored at once. */
export async function unpackWithin(
  { syncBodyBytes }: Pick<IngestDeps, "syncBodyBytes">,
  bytes: Buffer,
  { body: { contentEncoding } }: Pick<IngestRequest, "body">,
  hold: BodyHold,
): Promise<Buffer | undefined> {
  const small = await unpackWhole(bytes, contentEncoding, Math.min(SMALL_BYTES, syncBodyBytes));
  if (small) return small;
  if (!isPacked(contentEncoding)) return unpackWhole(bytes, contentEncoding, syncBodyBytes);
  // The length at the end of a gzip may be false, or it may be the length of its last part only.
  const told = Math.min(bytes.length < 4 ? 0 : bytes.readUInt32LE(bytes.length - 4), syncBodyBytes);
  for (const most of new Set([told, syncBodyBytes])) {
    if (most <= SMALL_BYTES) continue;
    await hold.grow(bytes.length + most);
    const unpacked = await unpackWhole(bytes, contentEncoding, most);
    if (unpacked) return unpacked;
  }
  return undefined;
}

/** Reads the rows. Undefined: they are too many to be stored at once. */
export async function rowsWithin(
  body: Buffer,
  { contentType, mapping, charset }: Pick<IngestRequest, "contentType" | "mapping" | "charset">,
  { limits = ROW_LIMITS, customMappings }: Pick<IngestDeps, "limits" | "customMappings">,
): Promise<SentRows | undefined> {
  try {
    const reading = { ...(await readingBy(mapping, customMappings)), charset };
    return await readRows(body, contentType, SYNC_ROWS, limits, reading);
  } catch (error) {
    if (error instanceof AppError && error.code === "body_too_large") return undefined;
    throw error;
  }
}

export async function batchOf(
  deps: IngestDeps,
  request: IngestRequest,
  sent: SentRows,
  digest: Uint8Array,
): Promise<Batch> {
  const mapping = await mappingFor(request.mapping, sent, deps.customMappings, request.source);
  const identity = request.identity ?? mapping.identity ?? "content";
  const lookups = await deps.lookupsFor(mapping);
  const batchId = randomUUID();
  const startRange = { min: deps.minTime, max: yearsFrom(deps.now?.() ?? new Date(), 1) };
  const header = sent.form === "csv" ? sent.fields : undefined;
  const { limits = ROW_LIMITS } = deps;
  const sorted = await classifyRows(sent.rows, {
    batchId,
    mapping,
    identity,
    header,
    startRange,
    limits,
    about: { lookups, numbers: { decimal: sent.format?.decimal } },
    bound: currentBound(),
  });
  return {
    batchId,
    mapping: mapping.name,
    columns: header,
    received: sent.rows.length,
    ...sorted,
    identity,
    namedSource: request.source,
    format: sent.format,
    withVerdicts: request.withVerdicts,
    idempotency: idempotencyOf(request, digest),
    callback: request.callback,
    owner: currentOwner(),
  };
}

/** Gives requests with the same key and content, under way in this process at once, the receipt of the first. */
function onePerKey() {
  const underWay = new Map<string, Promise<Receipt>>();
  return (request: IngestRequest, digest: Uint8Array, work: () => Promise<Receipt>): Promise<Receipt> => {
    if (request.idempotencyKey === undefined) return work();
    const id = JSON.stringify([Buffer.from(digest).toString("base64"), currentOwner(), request.idempotencyKey]);
    const found = underWay.get(id);
    if (found) return found;
    const mine = work().finally(() => underWay.delete(id));
    underWay.set(id, mine);
    return mine;
  };
}
