import { createServer, type IncomingMessage, type Server, type ServerResponse } from "node:http";
import type { AddressInfo, Socket } from "node:net";
import { getRequestListener, RequestError } from "@hono/node-server";
import { ERRORS, StartError } from "../errors.ts";
import { createClientAddress } from "../kit/client-address.ts";
import type { ClientRates } from "../kit/client-rates.ts";
import { countConnection } from "../kit/event-loop.ts";
import type { LogError } from "../kit/on-error.http.ts";
import { problemText } from "../kit/problem.http.ts";
import { addressKey, fieldsOf, isProbe } from "../kit/rate-limit.http.ts";
import { createRequestRecord, type Replied, type RequestRecord, recordedBy } from "../kit/request-record.ts";
import { tracedRequest } from "../kit/tracing.ts";
import { fromParser, refuse, refuseConnection } from "./bare-reply.http.ts";
import { bringsTrips, createGate, type GateOptions, type Refusal } from "./gate.http.ts";
import { endIdleBody } from "./idle-bodies.http.ts";
import { createOrder } from "./in-order.http.ts";
import { createTurns } from "./in-turn.http.ts";
import { countMovedBytes } from "./moved-bytes.http.ts";
import { watchConnections } from "./quiet-connections.http.ts";
import { answerPreflight, isPreflight, setReplyHeaders } from "./reply-headers.http.ts";

/** The counters of the HTTP server. */
export interface HttpCounts {
  /** Counts a request that is over, whether or not its client waited for the end. */
  replied(request: Replied): void;
  /**
   * Counts a request or connection that was refused unread. The record is that of a connection from which no request
   * could be read. Undefined: there is a request, which is counted as replied too.
   */
  refused(code: string, record?: RequestRecord): void;
  /** Sets the function that gives the number of open connections. */
  watch(connections: () => number): void;
}

export interface ListenOptions extends GateOptions {
  port: number;
  /** The headers of a request must come within this time. Its body may take as long as a file takes to send. */
  headersTimeoutMs: number;
  /** How long a connection is kept without a request. */
  keepAliveMs: number;
  /** Limit of connections. One more is closed as soon as it is opened. */
  maxConnections: number;
  /** Addresses and ranges of proxies whose `X-Forwarded-For` is believed. */
  trustedProxies?: readonly string[] | undefined;
  /** Limits what each client takes. */
  clientRates: ClientRates;
  counts: HttpCounts;
  logError: LogError;
  /**
   * Called if requests have not ended in time when the service stops, with the number of connections that are closed.
   */
  onCut: (connections: number) => void;
}

export interface Listening {
  /** The URL that it listens on, without a slash at the end. */
  url: string;
  /** Takes more requests, and closes each connection after the reply, so that clients and proxies connect elsewhere. */
  drain(): void;
  /** Takes no more connections, and finishes the requests under way. */
  close(): Promise<void>;
}

/** Limit of connections that wait to be accepted: a whole fleet may come back at the same moment. */
const BACKLOG = 4096;

type Fetch = Parameters<typeof getRequestListener>[0];

/**
 * Serves the API over HTTP/1.1.
 *
 * @throws StartError if the address is not available
 */
export async function listen(fetch: Fetch, options: ListenOptions): Promise<Listening> {
  const { port, host, headersTimeoutMs, keepAliveMs } = options;
  const everyMs = Math.ceil(Math.min(5000, headersTimeoutMs / 4, keepAliveMs / 4));
  const server = createServer({
    // A file may take any time to send. Without a separate limit for headers, this one would also apply to them.
    requestTimeout: 0,
    headersTimeout: Math.ceil(headersTimeoutMs),
    keepAliveTimeout: Math.ceil(keepAliveMs),
    connectionsCheckingInterval: everyMs,
    // Node's own reply would have no body.
    requireHostHeader: false,
  });
  server.maxConnections = options.maxConnections;
  const { drain, close } = serve(server, fetch, options, everyMs);
  await new Promise<void>((resolve, reject) => {
    server.once("error", (error) =>
      reject(new StartError(`The service cannot listen on ${host}:${port}: ${error.message}.`)),
    );
    server.listen({ port, host, backlog: BACKLOG }, resolve);
  });
  const { family, address, port: own } = server.address() as AddressInfo;
  return { url: `http://${family === "IPv6" ? `[${address}]` : address}:${own}`, drain, close };
}

/** Answers the requests of a server. */
function serve(
  server: Server,
  fetch: Fetch,
  options: ListenOptions,
  everyMs: number,
): Pick<Listening, "drain" | "close"> {
  const { counts, clientRates } = options;
  const gate = createGate(options);
  const origins = new Set(options.allowedOrigins);
  const connections = watchConnections(server, options.keepAliveMs, everyMs);
  counts.watch(connections.open);
  const answer = getRequestListener(fetch, { hostname: "localhost", errorHandler: unreadable(options.logError) });
  /** The reply under way on each connection. */
  const answering = new WeakMap<object, ServerResponse>();
  server.on("connection", countConnection);
  const inTurn = createTurns();
  const clientAddress = createClientAddress(options.trustedProxies);
  const countBytes = countMovedBytes(server, clientRates);
  let isClosing = false;

  /** A client without a credential is counted by its address, before anything is spent on the request. */
  const overRate = (record: RequestRecord, { headers, url }: IncomingMessage): Refusal | undefined => {
    if (headers.authorization !== undefined || isProbe(url)) return undefined;
    const over = clientRates.enter(record, addressKey(record.client));
    return over && { code: "too_many_requests", ...over };
  };

  const take = (request: IncomingMessage, response: ServerResponse, asksFirst: boolean) => {
    const { socket, method = "", headers } = request;
    const began = performance.now();
    const record = createRequestRecord({
      client: clientAddress(socket.remoteAddress, headers["x-forwarded-for"]),
      requestId: headers["x-request-id"]?.toString(),
      traceparent: headers.traceparent?.toString(),
    });
    response.setHeader("x-request-id", record.id);
    let endSpan = (_status: number) => {};
    // A client that keeps its connection and sends more requests could delay a stop without limit.
    if (isClosing) response.shouldKeepAlive = false;
    setReplyHeaders(request, response, origins);
    answering.set(socket, response);
    connections.began(socket, response);
    const endCount = countBytes(record, socket);
    response.once("close", () => {
      if (answering.get(socket) === response) answering.delete(socket);
      // The client hung up before the reply began.
      const status = response.headersSent ? response.statusCode : ERRORS.client_gone.status;
      endSpan(status);
      endCount();
      clientRates.leave(record);
      counts.replied({ record, method, status, seconds: (performance.now() - began) / 1000 });
    });
    const refusal = gate.refusal(request) ?? overRate(record, request);
    if (refusal) {
      counts.refused(refusal.code);
      const more = {
        ...(bringsTrips(request)
          ? Object.fromEntries(fieldsOf(() => ({ ...options.rateLimits(), remaining: 0 }), clientRates.fields(record)))
          : {}),
        // The client may still send its body.
        ...(asksFirst ? { connection: "close" } : {}),
      };
      recordedBy(record, () => refuse(request, response, refusal, more));
      return;
    }
    // A foreign origin got here only if it is allowed.
    if (origins.size > 0 && isPreflight(request)) return answerPreflight(response);
    response.once("close", gate.enter(request));
    endIdleBody(request);
    if (asksFirst) response.writeContinue();
    const [path = ""] = (request.url ?? "").split("?");
    const start = () => {
      endSpan = tracedRequest(record, { method, path, headers }, () =>
        recordedBy(record, () => void answer(request, response)),
      );
    };
    // A request is dropped if its client went away while it waited.
    if (bringsTrips(request)) inTurn(() => response.destroyed || start());
    else start();
  };
  const inOrder = createOrder(({ remoteAddress }) =>
    counts.refused("too_many_requests", createRequestRecord({ client: clientAddress(remoteAddress) })),
  );
  const queue = (asksFirst: boolean) => (request: IncomingMessage, response: ServerResponse) =>
    inOrder(request.socket, response, () => take(request, response, asksFirst));
  server.on("request", queue(false));
  // A client that asks before it sends is refused before it sends its body.
  server.on("checkContinue", queue(true));
  // Other expectations may be ignored. Node's own reply would have no body.
  server.on("checkExpectation", queue(false));
  server.on("drop", () => counts.refused("too_many_connections"));
  server.on("clientError", (error, socket) => {
    // A reply that has begun cannot be replaced, and nothing reads from a broken connection.
    if (!socket.writable || answering.get(socket)?.headersSent) {
      socket.destroy();
      return;
    }
    const refusal = fromParser(error);
    const record = createRequestRecord({ client: clientAddress((socket as Socket).remoteAddress) });
    counts.refused(refusal.code, record);
    recordedBy(record, () => refuseConnection(socket, refusal));
  });
  const drain = () => {
    isClosing = true;
  };
  return {
    drain,
    close: () => {
      drain();
      return close(server, options.onCut);
    },
  };
}

/** Answers requests that the framework cannot read, such as one with an address that is no URL. */
function unreadable(logError: LogError) {
  return (error: unknown): Response => {
    const isOurs = !(error instanceof RequestError);
    if (isOurs) logError(error, { method: "", path: "" });
    const body = isOurs
      ? problemText("internal", "Something went wrong here, not with the request.")
      : problemText("invalid_request", "The address of the request is no URL.");
    return new Response(body, {
      status: isOurs ? 500 : 400,
      headers: { "content-type": "application/problem+json" },
    });
  };
}

/**
 * How long requests under way may take when the service stops. A container is killed after 30 s: see
 * docker-compose.yml.
 */
const LAST_REPLY_MS = 20_000;

async function close(server: Server, onCut: ListenOptions["onCut"]): Promise<void> {
  await new Promise<void>((resolve) => {
    const closeIdle = setInterval(() => server.closeIdleConnections(), 50);
    // Connections that were opened and never used count as busy.
    const closeAll = setTimeout(() => {
      server.getConnections((_, connections) => onCut(connections));
      server.closeAllConnections();
    }, LAST_REPLY_MS);
    server.close(() => {
      clearInterval(closeIdle);
      clearTimeout(closeAll);
      resolve();
    });
  });
}
