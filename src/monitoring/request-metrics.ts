import { Counter, Gauge, Histogram, type Registry } from "prom-client";
import { QUESTIONS, type Replied } from "../kit/request-record.ts";

/** Other methods are counted as one, since a client may send any word. */
const METHODS = new Set(["GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS"]);
/** In seconds: from a small post to the largest question that the default limits allow. */
const BUCKETS = [0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30, 60];

/** The figures about requests and connections of one process. */
export function countRequests(registers: Registry[]) {
  const replies = new Counter({
    name: "tripgrid_http_requests_total",
    help: "Requests that are over, by method, route and status; 499: the client hung up before its reply",
    labelNames: ["method", "route", "status"],
    registers,
  });
  const durations = new Histogram({
    name: "tripgrid_http_request_duration_seconds",
    help: "From the headers of a request to the end of its reply",
    labelNames: ["method", "route"],
    buckets: BUCKETS,
    registers,
  });
  const questions = new Histogram({
    name: "tripgrid_question_duration_seconds",
    help: "Questions that were answered, by their kind and by how: exact or estimate",
    labelNames: ["kind", "method"],
    buckets: BUCKETS,
    registers,
  });
  const logins = new Counter({
    name: "tripgrid_rejected_logins_total",
    help: "Requests that were refused since their key, token or password was missing or wrong, by route",
    labelNames: ["route"],
    registers,
  });
  const refusals = new Counter({
    name: "tripgrid_http_refusals_total",
    help: "Requests and connections that were refused before anything of them was read, by the code of the reply",
    labelNames: ["code"],
    registers,
  });
  let connections = () => 0;
  new Gauge({
    name: "tripgrid_http_connections",
    help: "Connections of clients that are open now",
    registers,
    collect() {
      this.set(connections());
    },
  });
  return {
    replied: ({ record, method: sent, status, seconds }: Replied) => {
      const method = METHODS.has(sent) ? sent : "other";
      const { route = "none", tag = "" } = record;
      replies.inc({ method, route, status: String(status) });
      // A stream of events lasts as long as its follower likes.
      if (!record.isStream) durations.observe({ method, route }, seconds);
      if (QUESTIONS.has(tag) && status === 200 && (method === "GET" || method === "POST"))
        questions.observe({ kind: `${method} ${route}`, method: record.questionMethod ?? "exact" }, seconds);
      if (status === 401) logins.inc({ route });
    },
    refused: (code: string) => refusals.inc({ code }),
    watch: (open: () => number) => {
      connections = open;
    },
  };
}
