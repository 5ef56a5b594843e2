import type { Logger } from "pino";
import type { Config } from "./config.ts";
import { endOverdue, GUARD_EVERY_MS } from "./db/bi-guard.ts";
import { setUpBiRole } from "./db/bi-role.ts";
import type { Sql } from "./db/client.ts";
import type { Engine } from "./db/engine.ts";

export interface BiParts {
  stop(): Promise<void>;
}

/** The role of BI tools, if one is asked for, and who sees to it that its queries end. To be called once what is withheld is known. */
export async function wireBi(sql: Sql, engine: Engine, config: Config, log: Logger): Promise<BiParts | undefined> {
  if (config.biRole === undefined) return undefined;
  if (engine === "embedded") {
    log.warn(
      "TRIPGRID_BI_ROLE: the embedded engine has one session for all, with all rights: there are no roles in it",
    );
    return undefined;
  }
  const role = { name: config.biRole, password: config.biPassword, timeoutS: config.biTimeoutS };
  for (const warning of await setUpBiRole(sql, role)) log.warn(warning);
  return guard(async () => {
    const ended = await endOverdue(sql, role);
    if (ended > 0)
      log.warn({ role: role.name, ended }, "sessions of the BI role were ended: they ran past its timeout");
  }, log);
}

function guard(look: () => Promise<void>, log: Logger): BiParts {
  let looking: Promise<void> | undefined;
  const timer = setInterval(() => {
    looking ??= look()
      .catch((err) => log.warn({ err }, "queries of the BI role could not be looked at"))
      .finally(() => {
        looking = undefined;
      });
  }, GUARD_EVERY_MS);
  return {
    stop: async () => {
      clearInterval(timer);
      await looking;
    },
  };
}
