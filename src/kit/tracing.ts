import type { RequestRecord } from "./request-record.ts";

/** Values of a span, by the names of OpenTelemetry's semantic conventions. */
export type SpanAttributes = Record<string, string | number>;

/** Makes spans. The service has one only if the environment asks for traces. */
export interface Tracing {
  /**
   * Runs the work on a request in a span of its own, which continues the trace of `traceparent`.
   *
   * @returns a function that ends the span, for the moment when the reply is sent
   */
  request(record: RequestRecord, head: RequestHead, work: () => void): (status: number) => void;
  /** Runs a call of the database in a span that belongs to the one around it. A rejected promise is an error there. */
  call<T>(name: string, attributes: SpanAttributes, work: () => Promise<T>): Promise<T>;
  /** Sends what is not sent yet. */
  stop(): Promise<void>;
}

export interface RequestHead {
  method: string;
  /** Without the parameters, which may tell where a person travels. */
  path: string;
  headers: Record<string, string | string[] | undefined>;
}

let tracing: Tracing | undefined;

/** Makes spans from now on, or none. */
export function setTracing(to: Tracing | undefined): void {
  tracing = to;
}

/** Runs the work on a request, in a span if there are traces. */
export function tracedRequest(record: RequestRecord, head: RequestHead, work: () => void): (status: number) => void {
  if (tracing) return tracing.request(record, head, work);
  work();
  return () => {};
}

/** Runs a call, in a span if there are traces. */
export const tracedCall = <T>(name: string, attributes: () => SpanAttributes, work: () => Promise<T>): Promise<T> =>
  tracing ? tracing.call(name, attributes(), work) : work();
