import { type Sql, translateErrors } from "../database/client.ts";
import type { Scope } from "../kit/scope.ts";
import type { ApiKey, CredentialState, LiveKey, NewKey } from "./credentials.ts";
import { type KeyLimits, ownLimitsFrom } from "./key-limits.ts";
import { digestOfSecret, newKey } from "./key-text.ts";

/** Makes an API key, or takes a given one, also if it is stored already. Only its SHA-256 is stored. */
export async function addKey(sql: Sql, given: NewKey): Promise<ApiKey & { key: string }> {
  const { key = newKey(), name, scopes, source = null, region = null, expiresAt = null, createdBy = null } = given;
  const { limits = {} } = given;
  return translateErrors(async () => {
    const [row] = await sql<ApiKey[]>`
      insert into tripgrid.api_keys (name, digest, scopes, source, region, expires_at, created_by,
        max_requests_per_s, max_rows_per_s, max_mb_per_s, max_questions)
      values (${name}, ${digestOfSecret(key)}, ${[...scopes]}, ${source}, ${region}, ${expiresAt}, ${createdBy},
        ${limits.max_requests_per_s ?? null}, ${limits.max_rows_per_s ?? null}, ${limits.max_mb_per_s ?? null},
        ${limits.max_questions ?? null})
      on conflict (digest) do update set digest = excluded.digest
      returning ${columns(sql)}`;
    return { ...(row as ApiKey), key };
  });
}

/** All keys, newest first. */
export async function listKeys(sql: Sql): Promise<ApiKey[]> {
  return translateErrors(async () => [
    ...(await sql<ApiKey[]>`select ${columns(sql)} from tripgrid.api_keys order by created_at desc, key_id`),
  ]);
}

/** Revokes a key. False: there is no such key, or it is revoked already. */
export async function revokeKey(sql: Sql, keyId: string): Promise<boolean> {
  return translateErrors(async () => {
    const { count } = await sql`
      update tripgrid.api_keys set revoked_at = now() where key_id = ${keyId} and revoked_at is null`;
    return count > 0;
  });
}

/** The key with this SHA-256. Undefined: there is none, or it is revoked or has expired. */
export async function findKey(sql: Sql, digest: Uint8Array): Promise<LiveKey | undefined> {
  return translateErrors(async () => {
    const [row] = await sql<
      ({
        key_id: string;
        name: string;
        scopes: Scope[];
        source: string | null;
        region: string | null;
        ends: number | null;
      } & KeyLimits)[]
    >`
      select key_id, name, scopes, source, region, ${limitColumns(sql)}, extract(epoch from expires_at) * 1000 as ends
      from tripgrid.api_keys
      where digest = ${Buffer.from(digest)} and revoked_at is null and (expires_at is null or expires_at > now())`;
    if (!row) return undefined;
    const { key_id: keyId, name, scopes, source, region, ends } = row;
    return {
      ...{ keyId, name, scopes },
      source: source ?? undefined,
      region: region ?? undefined,
      expiresAt: ends ?? undefined,
      limits: ownLimitsFrom(row),
    };
  });
}

/**
 * How often keys and users have changed, and whether there has ever been one. A revoked key counts: a service does not
 * open because its last key ends.
 */
export async function findState(sql: Sql): Promise<CredentialState> {
  return translateErrors(async () => {
    const [row] = await sql<{ revision: number; is_set_up: boolean }[]>`
      select revision, exists (select from tripgrid.api_keys) or exists (select from tripgrid.users) as is_set_up
      from tripgrid.auth_state`;
    return { revision: row?.revision ?? 0, isSetUp: row?.is_set_up ?? false };
  });
}

const columns = (sql: Sql) => sql`
  key_id, name, scopes, source, region, created_by, created_at, expires_at, revoked_at, ${limitColumns(sql)}`;

const limitColumns = (sql: Sql) => sql`max_requests_per_s, max_rows_per_s, max_mb_per_s, max_questions`;
