import type { ApiKey } from "../auth/credentials.ts";
import { KEY_LIMITS } from "../auth/key-limits.ts";
import { newKey } from "../auth/key-text.ts";
import { readConfig } from "../config.ts";
import { StartError } from "../errors.ts";
import { openAccess } from "./access.ts";
import { accessArguments } from "./access-arguments.ts";

/** `tripgrid keys add NAME | list | revoke ID | generate`. A new key is all that is written to the standard output. */
export async function keys(args: string[], write: (text: string) => void): Promise<number> {
  const actions = { add: true, list: false, revoke: true, generate: false };
  const {
    action,
    name = "",
    grant,
    expiresAt,
    limits,
    url,
  } = accessArguments("keys", args, actions, ["ingest", "read"]);
  if (action === "generate") {
    write(`${newKey()}\n`);
    return 0;
  }
  const access = await openAccess(readConfig(), url);
  try {
    if (action === "add") {
      const made = await access.addKey({ name, ...grant, expiresAt, createdBy: undefined, limits });
      write(`${made.key}\n`);
      process.stderr.write(
        `${lineOf(made)}\nThe key is shown this once. The service asks for credentials from now on.\n`,
      );
    } else if (action === "list") {
      write((await access.listKeys()).map((key) => `${lineOf(key)}\n`).join(""));
    } else {
      const id = await idOf(name, access.listKeys);
      if (!(await access.revokeKey(id))) throw new StartError(`There is no key ${name} that could be revoked.`);
      process.stderr.write("Revoked. It stops working in every process within five seconds.\n");
    }
    return 0;
  } finally {
    await access.stop();
  }
}

/** The id of a key that is named by its id or, if only one has it, by its name. */
async function idOf(text: string, listKeys: () => Promise<ApiKey[]>): Promise<string> {
  const live = (await listKeys()).filter((key) => key.revoked_at === null);
  const found = live.filter((key) => key.key_id === text || key.name === text);
  if (found.length > 1)
    throw new StartError(`${found.length} keys have the name ${text}: give an id of tripgrid keys list.`);
  if (!found[0]) throw new StartError(`There is no key ${text} that could be revoked.`);
  return found[0].key_id;
}

function lineOf(key: ApiKey): string {
  const { key_id, name, scopes, source, region, expires_at, revoked_at } = key;
  const bound = source !== null ? `source ${source}` : region !== null ? `region ${region}` : "all trips";
  const isOver = expires_at !== null && Date.parse(expires_at) <= Date.now();
  const end = expires_at === null ? "does not expire" : `${isOver ? "expired" : "expires"} ${expires_at}`;
  const state = revoked_at === null ? end : `revoked ${revoked_at}`;
  const limits = KEY_LIMITS.flatMap((limit) => ((key[limit] ?? null) === null ? [] : [`${limit}=${key[limit]}`]));
  return [key_id, name, scopes.join(","), bound, state, ...limits].join("  ");
}
