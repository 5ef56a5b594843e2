import { createRemoteJWKSet, errors, type JWTPayload, type JWTVerifyGetKey, jwtVerify } from "jose";
import { AppError } from "../errors.ts";
import { type Principal, principalOf } from "../kit/principal.ts";
import { SCOPES, type Scope } from "../kit/scope.ts";
import { invalidToken } from "./refusals.ts";

/** The issuer whose tokens are accepted. */
export interface Issuer {
  /** Finds the key that a token names in its header. */
  key: JWTVerifyGetKey;
  issuer: string;
  audience: string;
  algorithms: readonly string[];
  skewS: number;
  scopeClaim: string;
}

/** A checked token: its holder, and when it ends, in milliseconds since 1970. */
export interface Verified {
  principal: Principal;
  expiresAt: number;
}

export type VerifyJwt = (token: string) => Promise<Verified>;

/** Keys are read again after this time, so that a withdrawn one ends, and at once for a token with an unknown key. */
const MAX_AGE_MS = 5 * 60_000;
/** Tokens with made-up keys do not make the service ask the issuer more often than this. */
const COOLDOWN_MS = 10_000;
const TIMEOUT_MS = 5000;

/** Errors of the search for a key that are the token's fault. */
const OF_TOKEN = [errors.JWKSNoMatchingKey, errors.JWKSMultipleMatchingKeys, errors.JOSENotSupported];

/** Creates the check of an issuer's tokens. Its keys may change while the service runs. */
export function createJwtCheck(issuer: Issuer): VerifyJwt {
  const options = {
    issuer: issuer.issuer,
    audience: issuer.audience,
    algorithms: [...issuer.algorithms],
    clockTolerance: issuer.skewS,
    requiredClaims: ["exp", "sub"],
  };
  return async (token) => {
    try {
      const { payload } = await jwtVerify(token, issuer.key, options);
      const { sub = "", exp = 0 } = payload;
      if (sub === "") throw invalidToken("the claim sub names nobody");
      const source = sourceOf(payload);
      const scopes = scopesOf(claimAt(payload, issuer.scopeClaim));
      const principal = principalOf("jwt", sub, sub, { scopes, source, region: undefined });
      return { principal, expiresAt: (exp + issuer.skewS) * 1000 };
    } catch (error) {
      throw refusalOf(error);
    }
  };
}

/** The secret that is shared with an issuer, as its only key. */
export function sharedKey(secret: string): JWTVerifyGetKey {
  const bytes = new TextEncoder().encode(secret);
  return async () => bytes;
}

/** The public keys of an issuer at an address. They are read when they are needed, and again once they are old. */
export function publishedKeys(jwksUrl: string): JWTVerifyGetKey {
  const options = { cacheMaxAge: MAX_AGE_MS, cooldownDuration: COOLDOWN_MS, timeoutDuration: TIMEOUT_MS };
  const published = createRemoteJWKSet(new URL(jwksUrl), options);
  return async (header, token) => {
    try {
      return await published(header, token);
    } catch (cause) {
      if (OF_TOKEN.some((kind) => cause instanceof kind)) throw cause;
      const detail = "The keys of the issuer cannot be read, so its tokens cannot be checked.";
      throw new AppError("issuer_unavailable", detail, {}, { retryAfterSeconds: 5, cause });
    }
  };
}

/** The provider that the token belongs to, as in MDS: its holder sends and reads trips of this source only. */
function sourceOf({ provider_id: provider }: JWTPayload): string | undefined {
  if (provider === undefined) return undefined;
  if (typeof provider === "string" && provider !== "" && provider.length <= 200) return provider;
  throw invalidToken("the claim provider_id is no name of a source");
}

/** @param path the name of a claim, or names joined by dots that lead into objects; a claim with this very name wins */
function claimAt(payload: JWTPayload, path: string): unknown {
  if (Object.hasOwn(payload, path)) return payload[path];
  return path.split(".").reduce<unknown>((at, name) => {
    const isObject = typeof at === "object" && at !== null && Object.hasOwn(at, name);
    return isObject ? (at as Record<string, unknown>)[name] : undefined;
  }, payload);
}

/** The scopes that are known here: of a text with spaces (OAuth 2), or of a list. */
export function scopesOf(claim: unknown): Scope[] {
  const names = typeof claim === "string" ? claim.split(" ") : Array.isArray(claim) ? claim : [];
  return SCOPES.filter((scope) => names.includes(scope));
}

/** Turns what jose throws into a 401 that says what is wrong. */
function refusalOf(error: unknown): AppError {
  if (error instanceof AppError) return error;
  if (error instanceof errors.JWTExpired) return invalidToken("the token has expired");
  if (error instanceof errors.JWTClaimValidationFailed) {
    if (error.claim === "nbf") return invalidToken("the token is not valid yet");
    return invalidToken(`the claim ${error.claim} is missing or is another one`);
  }
  if (error instanceof errors.JOSEAlgNotAllowed) return invalidToken("its algorithm is not allowed here");
  return invalidToken("its signature or form is wrong");
}
