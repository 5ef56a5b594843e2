import { createInterface } from "node:readline";
import { Writable } from "node:stream";
import { text } from "node:stream/consumers";
import type { User } from "../auth/users.ts";
import { readConfig } from "../config.ts";
import { AppError, StartError } from "../errors.ts";
import { openAccess } from "./access.ts";
import { accessArguments } from "./access-arguments.ts";

/** `tripgrid users add NAME | list | remove NAME`. The password comes from the standard input. */
export async function users(args: string[], write: (text: string) => void): Promise<number> {
  const actions = { add: true, list: false, remove: true };
  const { action, name = "", grant, url } = accessArguments("users", args, actions, ["read"]);
  const password = action === "add" ? await readPassword() : "";
  const access = await openAccess(readConfig(), url);
  try {
    if (action === "add") {
      const user = await access.addUser({ username: name, password, ...grant, createdBy: undefined });
      process.stderr.write(`${lineOf(user)}\nThe service asks for credentials from now on.\n`);
    } else if (action === "list") {
      write((await access.listUsers()).map((user) => `${lineOf(user)}\n`).join(""));
    } else {
      if (!(await access.deleteUser(name))) throw new StartError(`There is no user ${name}.`);
      process.stderr.write("Removed. Tokens of this user stop working in every process within five seconds.\n");
    }
    return 0;
  } catch (error) {
    throw error instanceof AppError ? new StartError(error.message) : error;
  } finally {
    await access.stop();
  }
}

/** The first line of what is piped in, or what is typed, without showing it. */
async function readPassword(): Promise<string> {
  const { stdin } = process;
  if (!stdin.isTTY) return (await text(stdin)).split(/\r?\n/, 1)[0] ?? "";
  process.stderr.write("Password: ");
  const silent = new Writable({ write: (_chunk, _encoding, done) => done() });
  const lines = createInterface({ input: stdin, output: silent, terminal: true });
  const line = await new Promise<string>((resolve) => lines.once("line", resolve));
  lines.close();
  process.stderr.write("\n");
  return line;
}

function lineOf({ username, scopes, source, region, created_at }: User): string {
  const bound = source !== null ? `source ${source}` : region !== null ? `region ${region}` : "all trips";
  return [username, scopes.join(","), bound, `since ${created_at}`].join("  ");
}
