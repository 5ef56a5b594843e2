import { setTimeout as sleep } from "node:timers/promises";

/** How long a request is tried again. */
export interface RetryRules {
  /** Tries after the first one. Default: 5. */
  retries?: number;
  /** A reply that asks for a longer wait is final. Default: 120,000 ms. */
  maxWaitMs?: number;
  /** Waits without Retry-After: the first one, doubled each time, up to 30 s, with chance. Default: 500 ms. */
  firstWaitMs?: number;
}

/** Nothing was stored, or it is stored once however often it is sent. */
const WORTH_ANOTHER_TRY = new Set([408, 425, 429, 502, 503, 504, 507]);
const LONGEST_MS = 30_000;

/**
 * Sends a request until its reply is final, or no try is left.
 *
 * @param send one try; it rejects if there is no reply
 * @param onRetry called before each wait
 * @returns the last reply
 * @throws the error of the last try, or the reason of the signal
 */
export async function withRetries(
  send: () => Promise<Response>,
  { retries = 5, maxWaitMs = 120_000, firstWaitMs = 500 }: RetryRules,
  signal?: AbortSignal,
  onRetry: (waitMs: number, reply: Response | undefined) => void = () => {},
): Promise<Response> {
  for (let attempt = 0; ; attempt++) {
    let reply: Response | undefined;
    let failure: unknown;
    try {
      reply = await send();
      if (!WORTH_ANOTHER_TRY.has(reply.status)) return reply;
    } catch (error) {
      signal?.throwIfAborted();
      failure = error;
    }
    // Half of the wait is left to chance, so that many clients do not come back together.
    const grown = Math.min(LONGEST_MS, firstWaitMs * 2 ** attempt) * (0.5 + Math.random() / 2);
    const waitMs = retryAfterMs(reply?.headers.get("retry-after") ?? null) ?? grown;
    if (attempt >= retries || waitMs > maxWaitMs) {
      if (reply) return reply;
      throw failure;
    }
    await reply?.body?.cancel();
    onRetry(waitMs, reply);
    await sleep(waitMs, undefined, signal ? { signal } : {});
  }
}

/** The wait that a header `Retry-After` asks for, in milliseconds: seconds or an HTTP date. Undefined: it asks for none. */
export function retryAfterMs(header: string | null, now = Date.now()): number | undefined {
  if (header === null) return undefined;
  if (/^\d+$/.test(header.trim())) return Number(header) * 1000;
  const at = Date.parse(header);
  return Number.isNaN(at) ? undefined : Math.max(0, at - now);
}
