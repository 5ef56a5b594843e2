import type { Logger } from "pino";
import type { Replied } from "../kit/request-record.ts";

/** Probes and scrapes come every few seconds and say nothing while they succeed. */
const QUIET = new Set(["/livez", "/readyz", "/metrics"]);

/**
 * Makes a function that logs one line for each request. The address is logged as OpenAPI writes it: the real one may
 * tell who travels where.
 */
export function createRequestLog(log: Logger): (request: Replied) => void {
  return ({ record, method, status, seconds }) => {
    const level = status < 400 && QUIET.has(record.route ?? "") ? "debug" : "info";
    if (!log.isLevelEnabled(level)) return;
    const { id, traceId, route, rows, actor, client } = record;
    const line = { request_id: id, method, route, status, duration_ms: Math.round(seconds * 1e5) / 100, rows };
    log[level]({ ...line, key: actor, client, trace_id: traceId }, "request");
  };
}
