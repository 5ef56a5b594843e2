import { type Sql, translateErrors } from "../database/client.ts";
import type { Grant } from "../kit/principal.ts";
import type { Scope } from "../kit/scope.ts";
import type { NewUser, User, UserSecrets, UserStore } from "./users.ts";

/** The calls that making and changing users needs, on these connections. */
export const userStoreOn = (sql: Sql): UserStore => ({
  insertUser: insertUser.bind(null, sql),
  findUser: findUser.bind(null, sql),
  setPassword: setPassword.bind(null, sql),
  setGrant: setGrant.bind(null, sql),
  readUser: readUser.bind(null, sql),
});

/** Stores a new user. Undefined: the name is taken. */
export async function insertUser(
  sql: Sql,
  user: Omit<NewUser, "password"> & { hash: string },
): Promise<User | undefined> {
  const { username, scopes, hash } = user;
  const [source, region, createdBy] = [user.source ?? null, user.region ?? null, user.createdBy ?? null];
  return translateErrors(async () => {
    const [user] = await sql<User[]>`
      insert into tripgrid.users (name, password, scopes, source, region, created_by)
      values (${username}, ${hash}, ${[...scopes]}, ${source}, ${region}, ${createdBy})
      on conflict (name) do nothing returning ${columns(sql)}`;
    return user;
  });
}

/** A user with what a login needs. */
export async function findUser(sql: Sql, name: string): Promise<UserSecrets | undefined> {
  return translateErrors(async () => {
    const [row] = await sql<
      {
        name: string;
        password: string;
        former_passwords: string[];
        scopes: Scope[];
        source: string | null;
        region: string | null;
      }[]
    >`
      select name, password, former_passwords, scopes, source, region from tripgrid.users where name = ${name}`;
    if (!row) return undefined;
    const { former_passwords: formerPasswords, source, region, ...user } = row;
    return { ...user, formerPasswords, source: source ?? undefined, region: region ?? undefined };
  });
}

/** What a user may do now. */
export async function findGrant(sql: Sql, name: string): Promise<Grant | undefined> {
  return translateErrors(async () => {
    const [row] = await sql<{ scopes: Scope[]; source: string | null; region: string | null }[]>`
      select scopes, source, region from tripgrid.users where name = ${name}`;
    return row && { scopes: row.scopes, source: row.source ?? undefined, region: row.region ?? undefined };
  });
}

/**
 * Stores a new password and ends all logins of the user.
 *
 * @param before the hash that it replaces
 * @returns false if another one has replaced it meanwhile
 */
export async function setPassword(
  sql: Sql,
  name: string,
  before: string,
  hash: string,
  former: readonly string[],
): Promise<boolean> {
  return translateErrors(async () => {
    const [row] = await sql`
      with changed as (
        update tripgrid.users set password = ${hash}, former_passwords = ${[...former]}, password_at = now()
        where name = ${name} and password = ${before} returning name
      ), ended as (
        delete from tripgrid.refresh_tokens where user_name in (select name from changed)
      )
      select from changed`;
    return row !== undefined;
  });
}

/** Replaces the scopes and the bound of a user. */
export async function setGrant(sql: Sql, name: string, grant: Grant): Promise<void> {
  const { scopes } = grant;
  const [source, region] = [grant.source ?? null, grant.region ?? null];
  await translateErrors(
    () => sql`
      update tripgrid.users set scopes = ${[...scopes]}, source = ${source}, region = ${region} where name = ${name}`,
  );
}

/** One user as it is listed. */
export async function readUser(sql: Sql, name: string): Promise<User | undefined> {
  return translateErrors(async () => {
    const [user] = await sql<User[]>`select ${columns(sql)} from tripgrid.users where name = ${name}`;
    return user;
  });
}

/** All users, by name. */
export async function listUsers(sql: Sql): Promise<User[]> {
  return translateErrors(async () => [
    ...(await sql<User[]>`select ${columns(sql)} from tripgrid.users order by name`),
  ]);
}

/** Removes a user with all logins. False: there is none. */
export async function deleteUser(sql: Sql, name: string): Promise<boolean> {
  return translateErrors(async () => (await sql`delete from tripgrid.users where name = ${name}`).count > 0);
}

const columns = (sql: Sql) => sql`name as username, scopes, source, region, created_by, created_at`;
