import type { Grant, OwnLimits } from "../kit/principal.ts";
import type { Scope } from "../kit/scope.ts";
import type { KeyLimits } from "./key-limits.ts";

/** An API key as it is listed. The key itself is shown once, when it is made. */
export interface ApiKey extends KeyLimits {
  key_id: string;
  name: string;
  scopes: Scope[];
  /** The only source, or the only region, whose trips it may write and read; null: all. */
  source: string | null;
  region: string | null;
  created_by: string | null;
  created_at: string;
  expires_at: string | null;
  revoked_at: string | null;
}

export interface NewKey {
  name: string;
  scopes: readonly Scope[];
  source: string | undefined;
  region: string | undefined;
  /** ISO 8601. Undefined: the key does not expire. */
  expiresAt: string | undefined;
  /** Undefined: those of the settings. */
  limits?: KeyLimits | undefined;
  /** Undefined: the command line, or a service without credentials. */
  createdBy: string | undefined;
  /** A key that was made elsewhere, as `newKey` makes it. Undefined: a new one is made. */
  key?: string;
}

/** Makes a key. This is the only time that the key is known. */
export type AddKey = (key: NewKey) => Promise<ApiKey & { key: string }>;
/** All keys, also those that are revoked or have expired, newest first. */
export type ListKeys = () => Promise<ApiKey[]>;
/** Ends a key in every process within seconds. False: there is no such key, or it is revoked already. */
export type RevokeKey = (keyId: string) => Promise<boolean>;

/** A key that is neither revoked nor expired now. */
export interface LiveKey extends Grant {
  keyId: string;
  name: string;
  /** Milliseconds since 1970; undefined: never. */
  expiresAt: number | undefined;
  limits?: OwnLimits | undefined;
}

/** The state of all credentials: a number that grows with each change, and whether there has ever been one. */
export interface CredentialState {
  revision: number;
  isSetUp: boolean;
}

/** What the authentication asks the database. */
export interface CredentialStore {
  findState: () => Promise<CredentialState>;
  findKey: (digest: Uint8Array) => Promise<LiveKey | undefined>;
  /** What the user may do now. Undefined: there is no such user. */
  findGrant: (name: string) => Promise<Grant | undefined>;
}
