import { AsyncLocalStorage } from "node:async_hooks";
import { randomUUID } from "node:crypto";
import type { OwnLimits } from "./principal.ts";

/** What is known of a request, for its log line, its metrics, its errors and the audit log. */
export interface RequestRecord {
  /** In the header `X-Request-Id` of the reply, in each error, and in the log. */
  readonly id: string;
  /** The address of the client, as the connection or a trusted proxy says. */
  readonly client: string;
  /** The trace that the request belongs to, 32 hexadecimal digits. Undefined: it belongs to none. */
  traceId: string | undefined;
  /** The address as OpenAPI writes it. Undefined: no endpoint was found. */
  route: string | undefined;
  /** The tag of the endpoint, such as `Query`. */
  tag: string | undefined;
  /** Rows that were sent or given back. */
  rows: number | undefined;
  /** Whether the reply is a stream of events, which lasts as long as its follower likes. */
  isStream: boolean;
  /** How a question was answered: `exact` or `estimate`. */
  questionMethod: string | undefined;
  /** The name of the key or user whose credential was accepted. Undefined: none was given. */
  actor: string | undefined;
  /** Whose rates the request is counted for: a credential or an address. Undefined: the credential is not checked yet. */
  countedFor?: string;
  /** The limits of the key that the request is counted for. Undefined: those of the settings. */
  ownLimits?: OwnLimits | undefined;
}

/** The tags of endpoints that answer questions. */
export const QUESTIONS: ReadonlySet<string> = new Set(["Answers", "Query", "Trips"]);

/** A request that is over. */
export interface Replied {
  record: RequestRecord;
  method: string;
  status: number;
  seconds: number;
}

/** Ids of other services are kept, but not text that could break a log line. */
const ID = /^[\w.:-]{1,100}$/;
/** W3C Trace Context, version 00. */
const TRACEPARENT = /^00-(?!0{32})([0-9a-f]{32})-(?!0{16})[0-9a-f]{16}-[0-9a-f]{2}$/;

interface Head {
  /** The address of the client. */
  client?: string | undefined;
  /** The header `X-Request-Id`. It is kept if it is 1 to 100 letters, digits and `_.:-`. */
  requestId?: string | undefined;
  /** The header `traceparent`. */
  traceparent?: string | undefined;
}

/** Begins the record of a request. */
export function createRequestRecord({ client = "", requestId = "", traceparent = "" }: Head = {}): RequestRecord {
  return {
    id: ID.test(requestId) ? requestId : randomUUID(),
    client,
    traceId: TRACEPARENT.exec(traceparent)?.[1],
    isStream: false,
    ...{ route: undefined, tag: undefined, rows: undefined, questionMethod: undefined, actor: undefined },
  };
}

const records = new AsyncLocalStorage<RequestRecord>();

/** Runs the work on a request. Everything below it finds the record by `currentRecord`. */
export const recordedBy = <T>(record: RequestRecord, work: () => T): T => records.run(record, work);

/** The record of the request that is being handled. Undefined: the service itself does the work. */
export const currentRecord = (): RequestRecord | undefined => records.getStore();

/** Adds what a handler knows to the record of its request. Without a request, this does nothing. */
export function note(
  known: Partial<Pick<RequestRecord, "route" | "tag" | "isStream" | "questionMethod" | "actor">>,
): void {
  const record = records.getStore();
  if (record) Object.assign(record, known);
}

/** Counts rows that the request has sent, or that its reply gives back. */
export function noteRows(rows: number): void {
  const record = records.getStore();
  if (record) record.rows = (record.rows ?? 0) + rows;
}
