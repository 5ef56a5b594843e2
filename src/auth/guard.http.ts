import type { IncomingMessage, ServerResponse } from "node:http";
import type { Context } from "hono";
import { AppError } from "../errors.ts";
import { currentCaller } from "../kit/caller.ts";
import type { Endpoint, Guard } from "../kit/endpoint.http.ts";
import { boundsOf, type Principal } from "../kit/principal.ts";
import { countRequest } from "../kit/rate-limit.http.ts";
import { currentRecord, note } from "../kit/request-record.ts";
import { type Authenticator, OWN_ID } from "./authenticate.ts";
import type { LiveRequests } from "./live-requests.ts";

/**
 * Lets a request reach its endpoint if its credential allows it. The handler finds the holder by `currentCaller`.
 *
 * @throws AppError unauthorized, missing_scope, bound_credential, with the header `WWW-Authenticate`; too_many_requests
 */
export function createGuard({ authenticate, live }: Pick<Authenticator, "authenticate" | "live">): Guard {
  return (c, endpoint) => {
    if (endpoint.scope === "public") return countRequest(c);
    const authorization = authorizationOf(c);
    try {
      const found = authenticate(authorization, currentRecord()?.client);
      if (!(found instanceof Promise)) return admit(c, endpoint, found, live);
      return found.then(
        (principal) => admit(c, endpoint, principal, live),
        (error) => challenge(c, authorization, error),
      );
    } catch (error) {
      return challenge(c, authorization, error);
    }
  };
}

/** Node has read the headers already. The framework would copy all of them into an object, which takes longer. */
function authorizationOf(c: Context): string | undefined {
  const { incoming } = (c.env ?? {}) as { incoming?: IncomingMessage };
  return incoming ? incoming.headers.authorization : c.req.header("authorization");
}

function admit(
  c: Context,
  { scope, bounds = [] }: Endpoint,
  principal: Principal | undefined,
  live: LiveRequests,
): void {
  if (principal?.id !== OWN_ID) countRequest(c, principal?.id, principal?.limits);
  if (!principal) return;
  if (scope !== "public" && !principal.scopes.includes(scope)) {
    c.header("WWW-Authenticate", `Bearer realm="tripgrid", error="insufficient_scope", scope="${scope}"`);
    const detail = `This needs the scope ${scope}, which the credential ${principal.name} does not have.`;
    throw new AppError("missing_scope", detail, { scope });
  }
  const other = boundsOf(principal).find((bound) => !bounds.includes(bound));
  if (other) {
    const detail = `The credential is bound to the ${other} ${principal[other]}; this is for credentials without such a bound.`;
    throw new AppError("bound_credential", detail, { [other]: principal[other] });
  }
  const caller = currentCaller();
  if (!caller) throw new Error("a request is handled for nobody");
  caller.principal = principal;
  caller.client = principal.id;
  caller.maxQuestions = principal.limits?.questions;
  note({ actor: principal.name });
  const { outgoing } = (c.env ?? {}) as { outgoing?: ServerResponse };
  // A request that has already ended would stay in the list.
  if (!outgoing || caller.signal.aborted) return;
  caller.whenOver = live.add({
    authorization: authorizationOf(c) ?? "",
    isStream: () => String(outgoing.getHeader("content-type")).startsWith("text/event-stream"),
    end: () => outgoing.destroy(),
  });
}

/** Adds what a client must do to an error about its credential (RFC 6750), and throws it. */
function challenge(c: Context, authorization: string | undefined, error: unknown): never {
  if (error instanceof AppError && error.code === "unauthorized") {
    const reason = authorization === undefined ? "" : ', error="invalid_token"';
    c.header("WWW-Authenticate", `Bearer realm="tripgrid"${reason}`);
  }
  throw error;
}
