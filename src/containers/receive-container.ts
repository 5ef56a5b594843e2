import { ReadableStream } from "node:stream/web";
import type { IngestRequest, MemberReceipt } from "../batches/ingest-request.ts";
import type { Receipt } from "../batches/receipt.ts";
import { AppError } from "../errors.ts";
import { type BodyHead, isPacked, unpack } from "../parsing/read-body.ts";
import { membersOf } from "./container.ts";
import type { FileKind } from "./file-kind.ts";
import type { Member } from "./member.ts";
import { openFile } from "./random-access.ts";
import { spooled } from "./spool.ts";

export interface ContainerDeps {
  /** A folder for temporary files. */
  spoolFolder: string;
  maxBodyBytes: number;
}

/** Takes in one text. */
export type IngestText = (request: IngestRequest) => Promise<Receipt>;

/**
 * Takes in the tables of a container, one after the other. A container is read from any place, so its bytes are written
 * to a temporary file first; its tables are read as streams.
 *
 * @returns the receipt of its only table, or the receipts of several files in a ZIP
 */
export async function receiveContainer(
  { spoolFolder, maxBodyBytes }: ContainerDeps,
  request: IngestRequest,
  head: BodyHead,
  kind: FileKind,
  ingest: IngestText,
): Promise<Receipt | MemberReceipt[]> {
  if (kind !== "zip" && kind !== "parquet") throw new Error(`${kind} is no container`);
  const bytes = unpack(allOf(head), isPacked(request.body.contentEncoding));
  return spooled(spoolFolder, bytes, maxBodyBytes, async (path) => {
    const source = await openFile(path);
    try {
      const members = await membersOf(source, kind, { sheet: request.sheet });
      const [only, ...others] = members;
      if (only && others.length === 0) return await ingest(requestFor(request, only, request.idempotencyKey));
      const receipts: MemberReceipt[] = [];
      for (const member of members) receipts.push(await receiveMember(request, member, ingest));
      return receipts;
    } finally {
      await source.close();
    }
  });
}

async function receiveMember(request: IngestRequest, member: Member, ingest: IngestText): Promise<MemberReceipt> {
  const key = request.idempotencyKey === undefined ? undefined : `${request.idempotencyKey}#${member.name}`;
  try {
    return { file: member.name, receipt: await ingest(requestFor(request, member, key)) };
  } catch (error) {
    // A faulty file does not affect the others, but a missing database affects all.
    if (!(error instanceof AppError) || error.code === "database_unavailable") throw error;
    return { file: member.name, error: { code: error.code, detail: error.message } };
  }
}

function requestFor(request: IngestRequest, member: Member, idempotencyKey: string | undefined): IngestRequest {
  const body = { stream: streamOf(member.open()), contentLength: undefined, contentEncoding: undefined };
  return { ...request, body, contentType: member.contentType, sheet: undefined, idempotencyKey };
}

function streamOf(bytes: AsyncIterable<Buffer>): ReadableStream<Uint8Array> {
  const iterator = bytes[Symbol.asyncIterator]();
  return new ReadableStream<Uint8Array>({
    pull: async (controller) => {
      const { done, value } = await iterator.next();
      if (done) controller.close();
      else controller.enqueue(value);
    },
    cancel: async () => {
      await iterator.return?.();
    },
  });
}

async function* allOf({ bytes, rest }: BodyHead): AsyncGenerator<Buffer> {
  yield bytes;
  if (rest) yield* rest;
}
