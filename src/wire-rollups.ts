import type { Logger } from "pino";
import { type Address, createClient, type Sql } from "./db/client.ts";
import type { Prepared } from "./db/prepare.ts";
import { refreshRollups } from "./db/refresh-rollups.ts";
import { rebuildRollups, rollupStatus } from "./db/rollup-status.ts";
import { keepRollups } from "./keep-rollups.ts";
import type { RebuildRollups, RefreshRollups, RollupsStatus } from "./rollups.ts";

export interface RollupParts {
  status: RollupsStatus;
  refresh: RefreshRollups;
  rebuild: RebuildRollups;
  stop(): Promise<void>;
}

/** The rollups as the service keeps them: refreshed in the background, on a session of their own where there can be one. */
export function wireRollups(sql: Sql, address: Address, { engine, searchPath }: Prepared, log: Logger): RollupParts {
  const session = engine === "embedded" ? undefined : createClient(address, { max: 1, searchPath });
  const keeper = keepRollups(
    (signal) => refreshRollups(session ?? sql, engine, { signal }),
    (error) => log.warn({ err: error }, "the rollups could not be refreshed"),
  );
  const status = rollupStatus.bind(null, sql);
  const refresh = () => {
    keeper.nudge();
    return status();
  };
  return {
    status,
    refresh,
    rebuild: async () => {
      await rebuildRollups(sql);
      return refresh();
    },
    stop: async () => {
      await keeper.stop();
      await session?.end({ timeout: 1 });
    },
  };
}
