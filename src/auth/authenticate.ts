import { hash } from "node:crypto";
import { AppError } from "../errors.ts";
import { BoundedMap } from "../kit/bounded-map.ts";
import { Ticker } from "../kit/poller.ts";
import { type Principal, principalOf } from "../kit/principal.ts";
import { SCOPES } from "../kit/scope.ts";
import type { BadCredentials } from "./bad-credentials.ts";
import type { CredentialState, CredentialStore } from "./credentials.ts";
import type { Verified, VerifyJwt } from "./jwt.ts";
import { digestOfSecret, isKey, KEY_LENGTH, newKey } from "./key-text.ts";
import { createLiveRequests, type LiveRequests } from "./live-requests.ts";
import { invalidToken, noCredential, unknownKey } from "./refusals.ts";

/** A revoked key must stop within 5 s, so what this process knows must not be older than that. */
const LOOK_MS = 2000;
const STALE_MS = 4500;
/** Checked tokens of an issuer are kept no longer, since nobody tells when one of its keys is withdrawn. */
const MAX_KEPT_MS = 60_000;
const MAX_KEPT = 10_000;
/** The holder of `ownKey`. */
const OWN_NAME = "this-process";
export const OWN_ID = `key:${OWN_NAME}`;

export interface AuthenticatorOptions {
  store: CredentialStore;
  /** Checks a token of a user of this service. Its holder is looked up afterwards. */
  verifyOwn: VerifyJwt;
  /** Whether a token claims to be of a user of this service. */
  isOwn: (token: string) => boolean;
  /** Checks a token of the issuer. Undefined: there is none. */
  verifyForeign: VerifyJwt | undefined;
  /** Slows down addresses that show bad ones. Undefined: none is slowed down. */
  badCredentials?: BadCredentials;
  /** Whether another process may change credentials. The embedded engine has one process. */
  isShared: boolean;
  onError?: (error: unknown) => void;
  now?: () => number;
}

export interface Authenticator {
  /**
   * Finds the holder of a credential. A credential that was checked before costs no call of the database.
   *
   * @param authorization the header of this name
   * @param address the client's. Undefined: it is not slowed down
   * @returns undefined if no credential is needed, since none has ever been set up
   * @throws AppError unauthorized; too_many_requests; issuer_unavailable, database_unavailable
   */
  authenticate(
    authorization: string | undefined,
    address?: string,
  ): Principal | undefined | Promise<Principal | undefined>;
  /** Requests that began with an accepted credential. They end when it does. */
  live: LiveRequests;
  /** A key with all scopes that only this process knows, for the commands that run inside it. */
  ownKey: string;
  /** Whether credentials are asked for. */
  isRequired(): boolean;
  /** Takes up changes at once, after this process has made one. */
  refresh(): Promise<void>;
  stop(): Promise<void>;
}

interface Kept {
  /** Undefined: the credential is not valid. */
  principal: Principal | undefined;
  until: number;
}

/**
 * Creates the check of credentials. It keeps what it has checked, and forgets it once a key or a user has changed
 * anywhere: a look every two seconds tells.
 */
export async function createAuthenticator(options: AuthenticatorOptions): Promise<Authenticator> {
  const { store, verifyOwn, verifyForeign, isOwn, isShared, badCredentials, now = Date.now } = options;
  const kept = new BoundedMap<string, Kept>(MAX_KEPT);
  /** Credentials that were accepted once. They are checked also where an address is slowed down. */
  const wereGood = new BoundedMap<string, true>(MAX_KEPT);
  const underWay = new Map<string, Promise<Principal | undefined>>();
  const ownKey = newKey();
  const self = principalOf("key", OWN_NAME, "this process", {
    scopes: SCOPES,
    source: undefined,
    region: undefined,
  });
  const own = new Map([[ownKey, self]]);
  let state: CredentialState = { revision: -1, isSetUp: false };
  let lookedAt = 0;

  const live = createLiveRequests(async (authorization) => {
    try {
      await authenticate(authorization);
      return true;
    } catch (error) {
      return !(error instanceof AppError && error.code === "unauthorized");
    }
  });

  async function look(): Promise<void> {
    const began = now();
    const found = await store.findState();
    const hasChanged = found.revision !== state.revision;
    if (hasChanged) kept.clear();
    state = found;
    lookedAt = began;
    await live.check(hasChanged);
  }

  const isRequired = () => verifyForeign !== undefined || state.isSetUp;
  /** Keys and users are trusted while the last look is recent. The tokens of the issuer do not depend on it. */
  const isStale = () => isShared && now() - lookedAt > STALE_MS;

  async function check(token: string, name: string): Promise<Principal | undefined> {
    const revision = state.revision;
    const found = isKey(token) ? await checkKey(token) : await checkJwt(token);
    const principal = found?.principal;
    const until = Math.min(found?.expiresAt ?? Number.POSITIVE_INFINITY, now() + MAX_KEPT_MS);
    // A change during the check may have ended the credential.
    if (revision === state.revision) kept.set(name, { principal, until });
    return principal;
  }

  async function checkKey(token: string): Promise<Verified | undefined> {
    const key = await store.findKey(digestOfSecret(token));
    if (!key) return undefined;
    const { keyId, name, expiresAt = Number.POSITIVE_INFINITY } = key;
    return { principal: { ...principalOf("key", keyId, name, key), limits: key.limits }, expiresAt };
  }

  async function checkJwt(token: string): Promise<Verified> {
    if (!isOwn(token)) {
      if (!verifyForeign) throw invalidToken("it is neither a key nor a token of this service");
      return verifyForeign(token);
    }
    const { principal, expiresAt } = await verifyOwn(token);
    const grant = await store.findGrant(principal.name);
    if (!grant) throw invalidToken("its user is gone");
    // A token keeps the scopes that it was made with, without those that its user has lost since.
    const scopes = principal.scopes.filter((scope) => grant.scopes.includes(scope));
    const { source, region } = grant;
    return { principal: principalOf("user", principal.name, principal.name, { scopes, source, region }), expiresAt };
  }

  function authenticate(
    authorization: string | undefined,
    address?: string,
  ): Principal | undefined | Promise<Principal | undefined> {
    if (!isRequired()) return undefined;
    const token = tokenOf(authorization);
    const name = nameOf(token);
    const refused = (error: unknown = unknownKey()): never => {
      const isBad = error instanceof AppError && error.code === "unauthorized";
      if (isBad) wereGood.delete(name);
      if (isBad && address !== undefined) badCredentials?.count(address);
      throw error;
    };
    const found = kept.get(name);
    if (found && found.until > now() && !isStale()) return found.principal ?? refused();
    const itself = own.get(name);
    if (itself) return itself;
    if (token.startsWith("tg_") && !isKey(token)) return refused();
    if (address !== undefined && !wereGood.get(name)) badCredentials?.check(address);
    const mine = underWay.get(name) ?? check(token, name).finally(() => underWay.delete(name));
    underWay.set(name, mine);
    return mine.then((principal) => {
      if (!principal) return refused();
      wereGood.set(name, true);
      return principal;
    }, refused);
  }

  const ticker = new Ticker(look, LOOK_MS, options.onError);
  await look();
  ticker.run(true);
  return {
    ownKey,
    isRequired,
    authenticate,
    live,
    refresh: look,
    stop: () => ticker.stop(),
  };
}

/**
 * What a credential is remembered by: a key by itself, since its SHA-256 would take 2 µs of each request; a JWT, which
 * may have 8 KB, by its SHA-256. No token has a space in it, so nobody passes who shows such a digest as a token.
 */
const nameOf = (token: string) => (token.length <= KEY_LENGTH ? token : `sha256 ${hash("sha256", token, "base64url")}`);

/** @throws AppError unauthorized if the header is missing or of another kind */
function tokenOf(authorization: string | undefined): string {
  if (authorization === undefined) throw noCredential();
  const [, token] = /^Bearer +([\w.~+/=-]{1,8192})$/i.exec(authorization) ?? [];
  if (token === undefined) throw noCredential();
  return token;
}
