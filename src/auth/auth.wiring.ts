import type { Guard } from "../kit/endpoint.http.ts";
import { currentRecord } from "../kit/request-record.ts";
import { ingestDeadlineMs, type Wiring } from "../wiring.ts";
import type { AuthCalls } from "./auth.http.ts";
import { type Authenticator, createAuthenticator } from "./authenticate.ts";
import { createBadCredentials, slowedDown } from "./bad-credentials.ts";
import type { NewKey } from "./credentials.ts";
import { writeFirstKey } from "./first-key.ts";
import { createGuard } from "./guard.http.ts";
import { createJwtCheck, publishedKeys, sharedKey } from "./jwt.ts";
import { addKey, findKey, findState, listKeys, revokeKey } from "./keys.db.ts";
import {
  countAttempt,
  endLogin,
  forgiveAttempt,
  insertRefreshToken,
  loadSigningKeys,
  useRefreshToken,
} from "./logins.db.ts";
import { createLogins, type Logins } from "./logins.ts";
import { createOwnTokens, isOwnToken } from "./own-tokens.ts";
import { createPasswords } from "./passwords.ts";
import { deleteUser, findGrant, listUsers, userStoreOn } from "./users.db.ts";
import { createAddUser, createChangeUser } from "./users.ts";

export interface AuthParts {
  calls: AuthCalls & { guard: Guard };
  authenticator: Authenticator;
}

/**
 * Wires the check of credentials.
 *
 * @throws StartError if the service would be open to other machines
 */
export async function wireAuth({ config, lanes, log }: Wiring): Promise<AuthParts> {
  const sql = lanes.auth.within(ingestDeadlineMs(config));
  const passwords = createPasswords();
  const ownTokens = createOwnTokens((secret) => loadSigningKeys(sql, secret));
  const badCredentials = createBadCredentials(config.maxBadCredentials);
  const authenticator = await createAuthenticator({
    store: {
      findState: () => findState(sql),
      findKey: (digest) => findKey(sql, digest),
      findGrant: (name) => findGrant(sql, name),
    },
    verifyOwn: ownTokens.verify,
    isOwn: isOwnToken,
    verifyForeign: foreignCheck(config),
    badCredentials,
    isShared: config.databaseUrl !== undefined,
    onError: (err) => log.warn({ err }, "the state of keys and users could not be read"),
  });
  await writeFirstKey(config, authenticator, (key: NewKey) => addKey(sql, key), log);
  /** Makes a change of credentials hold in this process at once. Others find it within two seconds. */
  const changing =
    <A extends unknown[], R>(change: (...args: A) => Promise<R>) =>
    async (...args: A): Promise<R> => {
      const result = await change(...args);
      await authenticator.refresh();
      return result;
    };
  const users = userStoreOn(sql);
  const checked = createLogins({
    users,
    passwords,
    countAttempt: (subjects, windowS) => countAttempt(sql, subjects, windowS),
    forgiveAttempt: (user, address) => forgiveAttempt(sql, user, address),
    insertRefreshToken: (token) => insertRefreshToken(sql, token),
    useRefreshToken: (digest, next) => useRefreshToken(sql, digest, next),
    endLogin: (digest) => endLogin(sql, digest),
    signToken: ownTokens.sign,
    tokenS: Math.round(config.tokenMinutes * 60),
    refreshS: config.refreshDays * 86_400,
    maxFailed: { ofUser: config.maxFailedLogins, ofAddress: config.maxFailedLoginsOfAddress },
  });
  const slowed = <A extends unknown[], R>(call: (...args: A) => Promise<R>) =>
    slowedDown(badCredentials, () => currentRecord()?.client ?? "", call);
  const logins: Logins = {
    logIn: slowed(checked.logIn),
    renew: slowed(checked.renew),
    logOut: checked.logOut,
    changePassword: slowed(checked.changePassword),
  };
  return {
    authenticator,
    calls: {
      addKey: changing((key: NewKey) => addKey(sql, key)),
      listKeys: () => listKeys(sql),
      revokeKey: changing((id: string) => revokeKey(sql, id)),
      addUser: changing(createAddUser(users, passwords)),
      listUsers: () => listUsers(sql),
      changeUser: changing(createChangeUser(users, passwords)),
      deleteUser: changing((name: string) => deleteUser(sql, name)),
      logins,
      guard: createGuard(authenticator),
    },
  };
}

function foreignCheck(config: Wiring["config"]) {
  const { jwksUrl, jwtSecret, jwtIssuer = "", jwtAudience = "" } = config;
  const key =
    jwksUrl !== undefined ? publishedKeys(jwksUrl) : jwtSecret !== undefined ? sharedKey(jwtSecret) : undefined;
  return (
    key &&
    createJwtCheck({
      key,
      issuer: jwtIssuer,
      audience: jwtAudience,
      algorithms: config.jwtAlgorithms,
      skewS: config.jwtSkewS,
      scopeClaim: config.jwtScopeClaim,
    })
  );
}
