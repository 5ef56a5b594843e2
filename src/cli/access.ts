import { randomUUID } from "node:crypto";
import { hostname } from "node:os";
import { insertAudit } from "../audit/audit.db.ts";
import type { AddKey, ApiKey, ListKeys, NewKey, RevokeKey } from "../auth/credentials.ts";
import { addKey, listKeys, revokeKey } from "../auth/keys.db.ts";
import { createPasswords } from "../auth/passwords.ts";
import { deleteUser, listUsers, userStoreOn } from "../auth/users.db.ts";
import {
  type AddUser,
  createAddUser,
  type DeleteUser,
  type ListUsers,
  type NewUser,
  type User,
} from "../auth/users.ts";
import type { Config } from "../config.ts";
import { type Address, createClient } from "../database/client.ts";
import { startEmbedded } from "../database/embedded.ts";
import { prepareDatabase } from "../database/prepare.ts";
import { StartError } from "../errors.ts";
import { configuredUrl, isTripgrid } from "./running-service.ts";

/** Where commands make keys and users: in a database, or through a service that runs. */
export interface Access {
  addKey: AddKey;
  listKeys: ListKeys;
  revokeKey: RevokeKey;
  addUser: AddUser;
  listUsers: ListUsers;
  deleteUser: DeleteUser;
  stop(): Promise<void>;
}

/**
 * A database on a server is changed directly, and services on it follow within seconds. The embedded engine belongs to
 * one process: if a service runs on it, the command asks that service.
 */
export async function openAccess(config: Config, url: string | undefined): Promise<Access> {
  if (url !== undefined) return throughService(url, config.apiKey);
  if (config.databaseUrl !== undefined) return onDatabase({ url: config.databaseUrl }, config, async () => {});
  const running = configuredUrl(config);
  if (running !== undefined && (await isTripgrid(running))) return throughService(running, config.apiKey);
  const engine = await startEmbedded(config.dataFolder, undefined, () => process.exit(1));
  return onDatabase(engine, config, () => engine.stop());
}

/** The actor in the audit log, of commands that change a database directly. */
const ACTOR = "command line";
const userPath = (name: string) => `/v1/users/${encodeURIComponent(name)}`;

async function onDatabase(address: Address, config: Config, release: () => Promise<void>): Promise<Access> {
  try {
    const { searchPath } = await prepareDatabase(address, config.timeZone ?? "UTC");
    const sql = createClient(address, { max: 1, searchPath });
    const record = (action: string, target: string, status: number) =>
      insertAudit(sql, { actor: ACTOR, client: hostname(), action, target, status, request_id: randomUUID() });
    const addOne = createAddUser(userStoreOn(sql), createPasswords());
    return {
      addKey: async (key) => {
        const made = await addKey(sql, key);
        await record("POST /v1/keys", `/v1/keys/${made.key_id}`, 201);
        return made;
      },
      listKeys: () => listKeys(sql),
      revokeKey: async (id) => {
        const isDone = await revokeKey(sql, id);
        if (isDone) await record("DELETE /v1/keys/{id}", `/v1/keys/${id}`, 204);
        return isDone;
      },
      addUser: async (user) => {
        const made = await addOne(user);
        await record("POST /v1/users", userPath(user.username), 201);
        return made;
      },
      listUsers: () => listUsers(sql),
      deleteUser: async (name) => {
        const isDone = await deleteUser(sql, name);
        if (isDone) await record("DELETE /v1/users/{username}", userPath(name), 204);
        return isDone;
      },
      stop: async () => {
        await sql.end({ timeout: 5 });
        await release();
      },
    };
  } catch (error) {
    await release();
    throw error;
  }
}

function throughService(url: string, apiKey: string | undefined): Access {
  const ask = async <T>(method: string, path: string, body?: object): Promise<T | undefined> => {
    const reply = await fetch(url + path, {
      method,
      headers: {
        ...(body ? { "content-type": "application/json" } : {}),
        ...(apiKey === undefined ? {} : { authorization: `Bearer ${apiKey}` }),
      },
      ...(body ? { body: JSON.stringify(body) } : {}),
      signal: AbortSignal.timeout(60_000),
    });
    const text = await reply.text();
    if (reply.status === 404) return undefined;
    const answer = text === "" ? undefined : (JSON.parse(text) as { detail?: string });
    if (reply.ok) return (answer ?? true) as T;
    const hint = reply.status === 401 || reply.status === 403 ? " TRIPGRID_API_KEY holds the key of the command." : "";
    throw new StartError(`${answer?.detail ?? `${url}${path} answers ${reply.status}`}${hint}`);
  };
  const known = <T>(answer: T | undefined): T => {
    if (answer === undefined) throw new StartError(`The service at ${url} has no addresses for keys and users.`);
    return answer;
  };
  return {
    addKey: async ({ name, scopes, source, region, expiresAt, limits }: NewKey) =>
      known(await ask("POST", "/v1/keys", { name, scopes, source, region, expires_at: expiresAt, ...limits })),
    listKeys: async () => known(await ask<{ keys: ApiKey[] }>("GET", "/v1/keys")).keys,
    revokeKey: async (id) => (await ask("DELETE", `/v1/keys/${id}`)) !== undefined,
    addUser: async ({ username, password, scopes, source, region }: NewUser) =>
      known(await ask("POST", "/v1/users", { username, password, scopes, source, region })),
    listUsers: async () => known(await ask<{ users: User[] }>("GET", "/v1/users")).users,
    deleteUser: async (name) => (await ask("DELETE", `/v1/users/${encodeURIComponent(name)}`)) !== undefined,
    stop: async () => {},
  };
}
