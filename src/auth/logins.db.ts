import { type Sql, type Transaction, translateErrors } from "../database/client.ts";
import type { Scope } from "../kit/scope.ts";
import { digestOfSecret } from "./key-text.ts";
import type { Login, RefreshToken, Subject } from "./logins.ts";

/**
 * Counts an attempt for each subject, before it is checked, so that many at once are no way around the limits.
 *
 * @returns how many seconds to wait. 0: the attempt is within all limits
 */
export async function countAttempt(sql: Sql, subjects: readonly Subject[], windowS: number): Promise<number> {
  return translateErrors(async () => {
    // In one order everywhere, so that two transactions cannot wait for each other.
    const sorted = subjects
      .map((subject) => ({ ...subject, digest: digestOfSecret(subject.name).toString("hex") }))
      .sort((a, b) => (a.digest < b.digest ? -1 : 1));
    const rows = await sql<{ subject: string; failures: number; seconds: number }[]>`
      insert into tripgrid.login_failures as f (subject, failures, expires_at)
      select decode(digest, 'hex'), 1, now() + make_interval(secs => ${windowS})
      from unnest(${sorted.map(({ digest }) => digest)}::text[]) digest
      on conflict (subject) do update set
        failures = case when f.expires_at < now() then 1 else f.failures + 1 end,
        expires_at = case when f.expires_at < now() then excluded.expires_at else f.expires_at end
      returning encode(subject, 'hex') as subject, failures,
                greatest(1, ceil(extract(epoch from expires_at - now())))::int as seconds`;
    const waits = rows.map(({ subject, failures, seconds }) => {
      const limit = sorted.find(({ digest }) => digest === subject)?.limit ?? 0;
      return failures > limit ? seconds : 0;
    });
    return Math.max(0, ...waits);
  });
}

/** Takes back an attempt that was a login: its user has no failures any more, its address has one less. */
export async function forgiveAttempt(sql: Sql, user: Subject, address: Subject): Promise<void> {
  await translateErrors(
    () => sql`
      with forgiven as (delete from tripgrid.login_failures where subject = ${digestOfSecret(user.name)})
      update tripgrid.login_failures set failures = failures - 1
      where subject = ${digestOfSecret(address.name)} and failures > 0`,
  );
}

/** Stores the refresh token of a login. */
export async function insertRefreshToken(sql: Sql, token: RefreshToken): Promise<void> {
  await translateErrors(() => insert(sql, token));
}

const insert = (sql: Sql | Transaction, { digest, family, username, scopes, expiresAt }: RefreshToken) =>
  (sql as Sql)`
    insert into tripgrid.refresh_tokens (digest, family, user_name, scopes, expires_at)
    values (${Buffer.from(digest)}, ${family}, ${username}, ${[...scopes]}, ${expiresAt})`;

/**
 * Replaces a refresh token by the next one. A token that was used before ends its whole family: two hold it, and one of
 * them has stolen it.
 *
 * @returns the login that it belongs to. Undefined: the token is not valid
 */
export async function useRefreshToken(sql: Sql, digest: Uint8Array, next: Uint8Array): Promise<Login | undefined> {
  return translateErrors(() => sql.begin((tx) => use(tx, digest, next))) as Promise<Login | undefined>;
}

async function use(tx: Transaction, digest: Uint8Array, next: Uint8Array): Promise<Login | undefined> {
  const [token] = await tx<
    { family: string; user_name: string; scopes: Scope[]; expires_at: string; is_used: boolean; is_over: boolean }[]
  >`
    select family, user_name, scopes, expires_at, used_at is not null as is_used, expires_at < now() as is_over
    from tripgrid.refresh_tokens where digest = ${Buffer.from(digest)} for update`;
  if (!token) return undefined;
  const { family, user_name: username, scopes, expires_at: expiresAt, is_used, is_over } = token;
  if (is_used || is_over) {
    await tx`delete from tripgrid.refresh_tokens where family = ${family}`;
    return undefined;
  }
  await tx`update tripgrid.refresh_tokens set used_at = now() where digest = ${Buffer.from(digest)}`;
  await insert(tx, { digest: next, family, username, scopes, expiresAt });
  return { username, scopes };
}

/**
 * Ends a login: no token of its family is valid any more.
 *
 * @returns its user. Undefined: there is no such login
 */
export async function endLogin(sql: Sql, digest: Uint8Array): Promise<string | undefined> {
  return translateErrors(async () => {
    const [ended] = await sql<{ user_name: string }[]>`
      delete from tripgrid.refresh_tokens where family in (
        select family from tripgrid.refresh_tokens where digest = ${Buffer.from(digest)})
      returning user_name`;
    return ended?.user_name;
  });
}

/** The keys that sign the tokens of users, newest first. The first call on a database makes one. */
export async function loadSigningKeys(
  sql: Sql,
  secret: () => Uint8Array,
): Promise<{ id: string; secret: Uint8Array }[]> {
  return translateErrors(async () => {
    const found = () => sql<{ id: string; secret: Uint8Array }[]>`
      select key_id as id, secret from tripgrid.signing_keys order by created_at desc, key_id`;
    const keys = await found();
    if (keys.length > 0) return [...keys];
    await sql`insert into tripgrid.signing_keys (secret) values (${Buffer.from(secret())})`;
    return [...(await found())];
  });
}

/** Removes refresh tokens and counts of failed logins that are over. */
export async function purgeLogins(sql: Sql): Promise<void> {
  await sql`delete from tripgrid.refresh_tokens where expires_at < now()`;
  await sql`delete from tripgrid.login_failures where expires_at < now()`;
}
