import type { Logger } from "pino";
import type { Engine } from "../database/engine.ts";
import type { Wiring } from "../wiring.ts";
import { endOverdue, GUARD_EVERY_MS } from "./bi-guard.db.ts";
import { setUpBiRole } from "./bi-role.db.ts";

export interface BiParts {
  stop(): Promise<void>;
}

/**
 * Sets up the role of BI tools and the guard that ends its overdue queries, if the config names a role. Must be called
 * after the withholding settings are known.
 */
export async function wireBi({ lanes, config, log }: Wiring, engine: Engine): Promise<BiParts | undefined> {
  const { sql } = lanes.ingest;
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
