import { parseArgs } from "node:util";
import { z } from "zod";
import { KEY_LIMITS, type KeyLimitName, type KeyLimits, keyLimitsSchema } from "../auth/key-limits.ts";
import type { Grant } from "../kit/principal.ts";
import { SCOPES, type Scope } from "../kit/scope.ts";
import { UsageError } from "./usage-error.ts";

export interface AccessArguments {
  action: string;
  /** The argument after the action. */
  name: string | undefined;
  grant: Grant;
  /** ISO 8601, of a key. */
  expiresAt: string | undefined;
  /** Of a key. */
  limits: KeyLimits;
  url: string | undefined;
}

/**
 * Reads the arguments of `tripgrid keys` and `tripgrid users`.
 *
 * @param actions each with whether a name follows
 * @param defaultScopes what a new key or user may do, unless `--scope` says so
 * @throws UsageError
 */
export function accessArguments(
  verb: "keys" | "users",
  args: string[],
  actions: Record<string, boolean>,
  defaultScopes: readonly Scope[],
): AccessArguments {
  const { values, positionals } = parsed(verb, args);
  const [action = "", name, ...more] = positionals;
  const needsName = Object.hasOwn(actions, action) ? actions[action] : undefined;
  if (needsName === undefined) {
    throw new UsageError(`${verb}: expected ${Object.keys(actions).join(", ")}, but got ${action || "nothing"}`);
  }
  if (more.length > 0 || needsName !== (name !== undefined)) {
    throw new UsageError(`${verb} ${action}: expected ${needsName ? "one name" : "nothing more"}`);
  }
  const { source, region } = values;
  if (source !== undefined && region !== undefined) throw new UsageError(`${verb}: expected --source or --region`);
  return {
    ...{ action, name },
    grant: { scopes: values.scope === undefined ? defaultScopes : scopesFrom(values.scope), source, region },
    expiresAt: values.expires === undefined ? undefined : momentFrom(values.expires),
    limits: limitsFrom(verb, values),
    url: values.url?.replace(/\/+$/, ""),
  };
}

function parsed(verb: string, args: string[]) {
  const text = { type: "string" } as const;
  const limits = Object.fromEntries(KEY_LIMITS.map((name) => [optionOf(name), text]));
  const options = { scope: text, source: text, region: text, url: text, expires: text, ...limits };
  try {
    return parseArgs({ args, allowPositionals: true, options });
  } catch (error) {
    throw new UsageError(`${verb}: ${(error as Error).message}`);
  }
}

/** The option of a limit, such as `max-rows-per-s`. */
const optionOf = (limit: KeyLimitName) => limit.replaceAll("_", "-");

function limitsFrom(verb: string, values: Readonly<Record<string, string | undefined>>): KeyLimits {
  const limits: KeyLimits = {};
  for (const name of KEY_LIMITS) {
    const given = values[optionOf(name)];
    if (given === undefined) continue;
    if (verb !== "keys") throw new UsageError(`--${optionOf(name)}: only keys have limits of their own`);
    const read = keyLimitsSchema[name].safeParse(given.trim() === "" ? Number.NaN : Number(given));
    if (!read.success) {
      const { minimum, maximum } = z.toJSONSchema(keyLimitsSchema[name]);
      const expected = `${name === "max_questions" ? "a whole number" : "a number"} from ${minimum} to ${maximum}`;
      throw new UsageError(`--${optionOf(name)}: expected ${expected}, but got ${given}`);
    }
    limits[name] = read.data;
  }
  return limits;
}

function scopesFrom(text: string): Scope[] {
  const names = text.split(",").map((part) => part.trim());
  const unknown = names.find((name) => !SCOPES.some((scope) => scope === name));
  if (unknown !== undefined) throw new UsageError(`--scope: expected some of ${SCOPES.join(",")}, but got ${unknown}`);
  return SCOPES.filter((scope) => names.includes(scope));
}

function momentFrom(text: string): string {
  const time = /^\d{4}-\d\d-\d\d(T.+)?$/.test(text) ? Date.parse(text) : Number.NaN;
  if (time > Date.now()) return new Date(time).toISOString();
  throw new UsageError(`--expires: expected a day or a moment to come, such as 2027-01-01, but got ${text}`);
}
