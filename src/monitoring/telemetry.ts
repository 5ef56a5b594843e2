import { setTimeout as sleep } from "node:timers/promises";
import type { SpanAttributes, Tracing } from "../kit/tracing.ts";

/** A collector that does not answer delays a stop no longer than this. */
const STOP_MS = 3000;

/**
 * Starts OpenTelemetry, which reads the standard `OTEL_*` variables by itself: exporter, endpoint, headers, sampler,
 * resource, propagators. Its packages are loaded here and nowhere else, so a service without traces never loads them.
 *
 * @param version of the service, for the resource
 */
export async function startTelemetry(version: string): Promise<Tracing> {
  const { context, propagation, SpanKind, SpanStatusCode, trace } = await import("@opentelemetry/api");
  const { NodeSDK, resources } = await import("@opentelemetry/sdk-node");
  const sdk = new NodeSDK({
    // The variables win over these.
    resource: resources.resourceFromAttributes({ "service.name": "tripgrid", "service.version": version }),
    instrumentations: [],
  });
  sdk.start();
  const tracer = trace.getTracer("tripgrid", version);

  return {
    request: (record, { method, path, headers }, work) => {
      const parent = propagation.extract(context.active(), headers);
      const attributes: SpanAttributes = {
        "http.request.method": method,
        "url.path": path,
        "url.scheme": "http",
        "client.address": record.client,
        "tripgrid.request_id": record.id,
      };
      const span = tracer.startSpan(method, { kind: SpanKind.SERVER, attributes }, parent);
      record.traceId = span.spanContext().traceId;
      context.with(trace.setSpan(parent, span), work);
      return (status) => {
        if (record.route !== undefined) {
          span.updateName(`${method} ${record.route}`);
          span.setAttribute("http.route", record.route);
        }
        span.setAttribute("http.response.status_code", status);
        if (status >= 500) span.setStatus({ code: SpanStatusCode.ERROR });
        span.end();
      };
    },
    call: (name, attributes, work) =>
      tracer.startActiveSpan(name, { kind: SpanKind.CLIENT, attributes }, async (span) => {
        try {
          return await work();
        } catch (error) {
          const { code, name: type } = error as { code?: unknown; name?: string };
          // The text of a database error may hold values, so only its kind is told.
          span.setAttribute("error.type", typeof code === "string" ? code : (type ?? "error"));
          span.setStatus({ code: SpanStatusCode.ERROR });
          throw error;
        } finally {
          span.end();
        }
      }),
    stop: () => Promise.race([sdk.shutdown(), sleep(STOP_MS, undefined, { ref: false })]),
  };
}
