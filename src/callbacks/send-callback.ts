import { type IncomingMessage, type RequestOptions, request as requestHttp } from "node:http";
import { request as requestHttps } from "node:https";
import { Webhook } from "standardwebhooks";
import type { Receipt } from "../batches/receipt.ts";
import { StartError } from "../errors.ts";
import { type Attempt, type CallbackPolicy, callbackFault, type DueCallback, type SendCallback } from "./callback.ts";
import { publicLookup, type Resolve } from "./public-lookup.ts";

/** Time limit from the look-up of the name to the head of the reply. */
const TIMEOUT_MS = 10_000;
/** Limit of the bytes that are read of a reply's body, so that the receiver can finish sending it. */
const MAX_REPLY_BYTES = 16 * 1024;

export interface SenderOptions<P = Receipt> extends CallbackPolicy {
  /** `whsec_` and the secret in base64. */
  secret: string;
  /** The body: a receipt as `GET /v1/batches/ID` shows it, an alert as it is listed. */
  present: (payload: P) => object;
  timeoutMs?: number;
  resolve?: Resolve;
  now?: () => Date;
}

/**
 * Makes the function that sends receipts to their callbacks, signed as Standard Webhooks requires.
 *
 * @throws StartError if the secret is not valid
 */
export function createSender<P = Receipt>(options: SenderOptions<P>): SendCallback<P> {
  const { present, timeoutMs = TIMEOUT_MS, now = () => new Date(), allowPrivate } = options;
  const webhook = webhookFrom(options.secret);
  const lookup = publicLookup(options.resolve);
  return async (callback, stop) => {
    // The URL is checked again here: the policy may have changed since the URL was given, and an IP address is not
    // looked up.
    const fault = callbackFault(callback.url, { allowPrivate });
    if (fault) return { error: fault, isLast: false };
    const { headers, body } = sign(webhook, callback, present, now());
    const cut = new AbortController();
    // The timer is not cleared: it also ends a reply that never ends.
    setTimeout(() => cut.abort(), timeoutMs).unref();
    const onStop = () => cut.abort();
    stop.addEventListener("abort", onStop);
    const request = { headers, signal: cut.signal, ...(allowPrivate ? {} : { lookup }) };
    try {
      return attemptFrom(await post(callback.url, body, request));
    } catch (error) {
      if (stop.aborted) return { error: "the service stopped", isLast: false };
      if (cut.signal.aborted) return { error: `no reply within ${timeoutMs / 1000} s`, isLast: false };
      return { error: textOf(error), isLast: false };
    } finally {
      stop.removeEventListener("abort", onStop);
    }
  };
}

function webhookFrom(secret: string): Webhook {
  try {
    return new Webhook(secret);
  } catch {
    throw new StartError("TRIPGRID_CALLBACK_SECRET: expected whsec_ and a secret in base64.");
  }
}

function sign<P>(webhook: Webhook, { id, payload }: DueCallback<P>, present: SenderOptions<P>["present"], now: Date) {
  const body = JSON.stringify(present(payload));
  const headers = {
    "content-type": "application/json",
    "content-length": Buffer.byteLength(body),
    "user-agent": "tripgrid",
    "webhook-id": id,
    "webhook-timestamp": String(Math.floor(now.getTime() / 1000)),
    "webhook-signature": webhook.sign(id, now, body),
  };
  return { headers, body };
}

/**
 * Sends a request and returns the status of its reply. It opens a new connection, so that no connection to another
 * address is reused.
 */
function post(url: string, body: string, options: RequestOptions): Promise<number> {
  const request = url.startsWith("https:") ? requestHttps : requestHttp;
  return new Promise((resolve, reject) => {
    const sent = request(url, { ...options, method: "POST", agent: false }, (reply) => {
      resolve(reply.statusCode ?? 0);
      takeALittle(reply);
    });
    sent.on("error", reject);
    sent.end(body);
  });
}

function takeALittle(reply: IncomingMessage): void {
  let bytes = 0;
  reply.on("error", () => {});
  reply.on("data", (chunk: Buffer) => {
    bytes += chunk.length;
    if (bytes > MAX_REPLY_BYTES) reply.destroy();
  });
}

function attemptFrom(status: number): Attempt {
  if (status >= 200 && status < 300) return "delivered";
  const isRedirect = status >= 300 && status < 400;
  return { error: `status ${status}${isRedirect ? ", and redirects are not followed" : ""}`, isLast: status === 410 };
}

function textOf(error: unknown): string {
  // If every address of a name was tried, the error that says so has no text.
  const { message, code, errors } = error as Error & { code?: string; errors?: unknown[] };
  return message || (errors?.[0] ? textOf(errors[0]) : (code ?? "the connection failed"));
}
