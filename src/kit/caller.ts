import { AsyncLocalStorage } from "node:async_hooks";
import type { Principal } from "./principal.ts";

/**
 * The client that waits for an answer. Database calls check whether it is still there, and count its share of
 * connections.
 */
export interface Caller {
  /** Aborts when the client hangs up. */
  signal: AbortSignal;
  /** The client's address, or the id of its credential. Questions of one client never take every connection. */
  client: string;
  /** The kind of question, such as `POST /v1/query`. One kind never takes every connection. */
  kind: string;
  /** The holder of the credential, once it is checked. Undefined: no credential is needed here. */
  principal?: Principal | undefined;
  /** Called when the reply is over, or the client has hung up. */
  whenOver?: (() => void) | undefined;
  /** How many of the client's questions are worked on at one time. Undefined: all but one of the connections. */
  maxQuestions?: number | undefined;
}

const callers = new AsyncLocalStorage<Caller>();

/** Runs a handler for a caller. The database calls below it find the caller by `currentCaller`, at any depth. */
export const runFor = <T>(caller: Caller, work: () => T): T => callers.run(caller, work);

/** The caller of the request that is being handled. Undefined: the service itself does the work. */
export const currentCaller = (): Caller | undefined => callers.getStore();
