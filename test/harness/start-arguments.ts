import { readFileSync } from "node:fs";
import { resolve } from "node:path";

/** What `npm start` gives to Node. */
export function startArguments(): string[] {
  const { scripts } = JSON.parse(readFileSync(resolve(import.meta.dirname, "../../package.json"), "utf8"));
  const [command, ...args] = (scripts.start as string).split(" ");
  if (command !== "node") throw new Error(`npm start runs no node: ${scripts.start}`);
  return args;
}
