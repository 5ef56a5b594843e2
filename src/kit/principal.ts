import type { Scope } from "./scope.ts";

/** What a credential may be bound to: the trips of one source, or of one region. */
export type BoundKind = "source" | "region";

/** What a key may take of this process, where it differs from the settings. Rates of 0 are no limit. */
export interface OwnLimits {
  requestsPerS: number | undefined;
  rowsPerS: number | undefined;
  bytesPerS: number | undefined;
  /** How many of its questions are worked on at one time. */
  questions: number | undefined;
}

/** The holder of a credential that was checked. */
export interface Principal {
  /** Unique and fixed, such as `key:5e0c…`, `user:ana` or `jwt:SUBJECT`. Limits count by it. */
  id: string;
  /** For people: the name of the key or of the user, or the subject of a token. */
  name: string;
  /** Owns what it sends and saves: a bound if it has one, else `key:NAME`, `user:NAME` or `jwt:SUBJECT`. */
  owner: string;
  scopes: readonly Scope[];
  /** The only source, or the only region, whose trips it may write and read. Undefined: all. */
  source: string | undefined;
  region: string | undefined;
  /** Undefined: what the settings say. */
  limits?: OwnLimits | undefined;
}

/** The parts that say what a principal may do, as keys, users and tokens have them. */
export type Grant = Pick<Principal, "scopes" | "source" | "region">;

/** @param kind what holds the grant. A new key with the name of an old one owns what the old one sent. */
export function principalOf(kind: "key" | "user" | "jwt", id: string, name: string, grant: Grant): Principal {
  const { scopes, source, region } = grant;
  const bound = source === undefined ? (region === undefined ? undefined : `region:${region}`) : `source:${source}`;
  return { id: `${kind}:${id}`, name, owner: bound ?? `${kind}:${name}`, scopes, source, region };
}

/** The kinds of bounds that a principal has. */
export const boundsOf = ({ source, region }: Principal): BoundKind[] => [
  ...(source === undefined ? [] : (["source"] as const)),
  ...(region === undefined ? [] : (["region"] as const)),
];
