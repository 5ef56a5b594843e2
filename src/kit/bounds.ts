import { AppError } from "../errors.ts";
import { currentCaller } from "./caller.ts";
import type { Principal } from "./principal.ts";

/** The only source, or the only region, of the trips that a caller may write and read. */
export interface Bound {
  source?: string | undefined;
  region?: string | undefined;
}

/** The holder of the credential of the request under way. Undefined: no credential is needed, or the service asks. */
export const currentPrincipal = (): Principal | undefined => currentCaller()?.principal;

/** The bound of the caller. Undefined: it may write and read all trips. */
export function currentBound(): Bound | undefined {
  const { source, region } = currentPrincipal() ?? {};
  if (source === undefined && region === undefined) return undefined;
  return { ...(source === undefined ? {} : { source }), ...(region === undefined ? {} : { region }) };
}

/**
 * Narrows filters to what the caller may read.
 *
 * @throws AppError bound_credential if they ask for something else
 */
export function withinBound<F extends Bound>(filters: F): F {
  const bound = currentBound();
  if (!bound) return filters;
  for (const kind of ["source", "region"] as const) checkBound(kind, filters[kind]);
  return { ...filters, ...bound };
}

/** @throws AppError bound_credential if a name is given and the caller is bound to another one */
export function checkBound(kind: "source" | "region", name: string | undefined): void {
  const bound = currentBound()?.[kind];
  if (bound === undefined || name === undefined || name === bound) return;
  throw new AppError("bound_credential", `The credential is bound to the ${kind} ${bound}.`, { [kind]: bound });
}

/** What the caller owns by sending or saving it. Undefined: no credential was asked for. */
export const currentOwner = (): string | undefined => currentPrincipal()?.owner;

/**
 * Whether the caller may see what another has sent: a bound caller what was sent under the same bound, a caller that
 * may read single trips or is an administrator everything, any other its own.
 *
 * @param owner as stored; null if no credential was asked for
 */
export function maySee(owner: string | null): boolean {
  const principal = currentPrincipal();
  if (!principal || principal.owner === owner) return true;
  return !currentBound() && (principal.scopes.includes("trips") || principal.scopes.includes("admin"));
}

/** The only owner whose things the caller may see. Undefined: all. */
export function ownerToSee(): string | undefined {
  const principal = currentPrincipal();
  return principal && !maySee(null) ? principal.owner : undefined;
}
