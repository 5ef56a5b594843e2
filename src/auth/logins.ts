import { randomBytes, randomUUID } from "node:crypto";
import { AppError } from "../errors.ts";
import { networkOf } from "../kit/client-address.ts";
import type { Grant } from "../kit/principal.ts";
import type { Scope } from "../kit/scope.ts";
import { digestOfSecret } from "./key-text.ts";
import type { Passwords } from "./passwords.ts";
import { replacePassword, type UserStore } from "./users.ts";

/** Failed logins are counted for this time from the first one. */
const WINDOW_S = 15 * 60;

/** Whose attempts are counted, and how many are allowed. */
export interface Subject {
  name: string;
  limit: number;
}

export interface Login {
  username: string;
  scopes: Scope[];
}

export interface RefreshToken extends Login {
  digest: Uint8Array;
  family: string;
  /** ISO 8601. All tokens of a family end at the same time. */
  expiresAt: string;
}

export interface Credentials {
  username: string;
  password: string;
  /** The address of the client. */
  address: string;
}

/** The tokens of a login, as OAuth 2 names their parts (RFC 6749, 5.1). */
export interface Tokens {
  access_token: string;
  token_type: "bearer";
  expires_in: number;
  refresh_token: string;
  scope: string;
}

/** Which scopes a token is to have. Undefined: all that the user has. */
type Wanted = readonly Scope[] | undefined;

export interface Logins {
  /** @throws AppError invalid_grant, the same for an unknown user and a wrong password; too_many_requests */
  logIn(credentials: Credentials, wanted: Wanted): Promise<Tokens>;
  /** Gives new tokens for a refresh token, which is valid once. @throws AppError invalid_grant */
  renew(refreshToken: string, wanted: Wanted): Promise<Tokens>;
  /** @returns the user whose login has ended. Undefined: the token was not valid */
  logOut(refreshToken: string): Promise<string | undefined>;
  /** Replaces the own password. All logins of the user end. @throws AppError as logIn, invalid_body */
  changePassword(credentials: Credentials, newPassword: string): Promise<void>;
}

export interface LoginDeps {
  users: UserStore;
  passwords: Passwords;
  countAttempt: (subjects: readonly Subject[], windowS: number) => Promise<number>;
  forgiveAttempt: (user: Subject, address: Subject) => Promise<void>;
  insertRefreshToken: (token: RefreshToken) => Promise<void>;
  useRefreshToken: (digest: Uint8Array, next: Uint8Array) => Promise<Login | undefined>;
  endLogin: (digest: Uint8Array) => Promise<string | undefined>;
  signToken: (login: Login, seconds: number) => Promise<string>;
  tokenS: number;
  refreshS: number;
  /** Failures of one user, from all addresses, and of one address, with all users. */
  maxFailed: { ofUser: number; ofAddress: number };
}

export function createLogins(deps: LoginDeps): Logins {
  async function check({ username, password, address }: Credentials) {
    const user = { name: `user ${username}`, limit: deps.maxFailed.ofUser };
    const from = { name: `address ${networkOf(address)}`, limit: deps.maxFailed.ofAddress };
    const waitS = await deps.countAttempt([user, from], WINDOW_S);
    if (waitS > 0) {
      const detail = "Too many logins failed for this user or from this address.";
      throw new AppError("too_many_requests", detail, {}, { retryAfterSeconds: waitS });
    }
    const found = await deps.users.findUser(username);
    const isRight = await deps.passwords.isRight(password, found?.password);
    if (!found || !isRight) throw refused("The user name or the password is wrong.");
    await deps.forgiveAttempt(user, from);
    return found;
  }

  async function tokensOf(login: Login, refreshToken: string): Promise<Tokens> {
    return {
      access_token: await deps.signToken(login, deps.tokenS),
      token_type: "bearer",
      expires_in: deps.tokenS,
      refresh_token: refreshToken,
      scope: login.scopes.join(" "),
    };
  }

  return {
    logIn: async (credentials, wanted) => {
      const { name, ...grant } = await check(credentials);
      const login = { username: name, scopes: within(grant, wanted) };
      const token = newToken();
      const expiresAt = new Date(Date.now() + deps.refreshS * 1000).toISOString();
      await deps.insertRefreshToken({ ...login, digest: digestOfSecret(token), family: randomUUID(), expiresAt });
      return tokensOf(login, token);
    },
    renew: async (refreshToken, wanted) => {
      const next = newToken();
      const login = await deps.useRefreshToken(digestOfSecret(refreshToken), digestOfSecret(next));
      const user = login && (await deps.users.findUser(login.username));
      if (!login || !user) throw refused("The refresh token is not valid, or no longer: log in again.");
      // The user may have fewer scopes by now.
      const scopes = login.scopes.filter((scope) => user.scopes.includes(scope));
      return tokensOf({ username: user.name, scopes: within({ scopes }, wanted) }, next);
    },
    logOut: (refreshToken) => deps.endLogin(digestOfSecret(refreshToken)),
    changePassword: async (credentials, newPassword) => {
      const user = await check(credentials);
      await replacePassword(deps.users, deps.passwords, user, newPassword, "new_password");
    },
  };
}

function within({ scopes }: Pick<Grant, "scopes">, wanted: Wanted): Scope[] {
  return scopes.filter((scope) => wanted === undefined || wanted.includes(scope));
}

/** A refresh token: 256 random bits. */
const newToken = () => `tgr_${randomBytes(32).toString("base64url")}`;

/** The error as OAuth 2 words it, beside our own code. */
const refused = (detail: string) =>
  new AppError("invalid_grant", detail, { error: "invalid_grant", error_description: detail });
