import { type Address, openPool, type Sql } from "./client.ts";
import { watchLoop } from "./loop-lag.ts";
import type { Pool } from "./pool.ts";

/**
 * Connections by purpose, so that no purpose waits for another: writes never wait for questions, and `/readyz` waits
 * for neither. The embedded engine serves all of them in turn by its one session.
 */
export interface Lanes {
  ingest: Pool;
  questions: Pool;
  /** For `/readyz` only, so that no other work can keep it busy. */
  health: Pool;
  /** For credentials, so that a crowd with unknown ones keeps no other work waiting. */
  auth: Pool;
  /** Figures for `/metrics` and `/v1/rollups`. */
  figures: Pool;
  /** Work of the service itself that may take any time. */
  background: Pool;
  stats(): Record<LaneName, ReturnType<Pool["stats"]>>;
  end(how: { timeout: number }): Promise<void>;
}

export interface LaneOptions {
  ingestConnections: number;
  questionConnections: number;
  questionTimeoutMs: number;
  maxWaitingQuestions: number;
  waitingPerClient: number;
  questionWaitMs: number;
}

export type LaneName = "ingest" | "questions" | "health" | "auth" | "figures" | "background";

/** The server stops longer statements of these lanes: they would hold a connection that others wait for. */
const WRITE_MS = 60_000;
const HEALTH_MS = 2000;
const AUTH_MS = 4000;
const FIGURES_MS = 4000;
/** A server that is silent for this long after its own limit does not answer any more. */
const GRACE_MS = 5000;

/** Creates the pools. Each connection is opened when it is first needed. */
export function openLanes(address: Address, searchPath: string, config: LaneOptions): Lanes {
  const embedded = "socketFolder" in address;
  const open = (max: number, statementTimeoutMs: number | undefined, more: object = {}) =>
    openPool(address, {
      max: embedded ? 1 : max,
      searchPath,
      ...(statementTimeoutMs === undefined ? {} : { statementTimeoutMs }),
      // A statement of the embedded engine cannot be stopped, and its session serves everything.
      hardMs: embedded || statementTimeoutMs === undefined ? undefined : statementTimeoutMs + GRACE_MS,
      ...more,
    });
  const lanes: Record<LaneName, Pool> = {
    ingest: open(config.ingestConnections, WRITE_MS),
    questions: open(config.questionConnections, config.questionTimeoutMs, {
      isForCallers: true,
      canCancel: !embedded,
      maxWaiting: config.maxWaitingQuestions,
      maxWaitingPerClient: config.waitingPerClient,
      waitMs: config.questionWaitMs,
      isBehind: watchLoop(),
    }),
    health: open(1, HEALTH_MS, { maxWaiting: 100 }),
    auth: open(2, AUTH_MS, { maxWaiting: 500 }),
    figures: open(2, FIGURES_MS, { maxWaiting: 100 }),
    background: open(2, undefined),
  };
  return {
    ...lanes,
    stats: () => ({
      ingest: lanes.ingest.stats(),
      questions: lanes.questions.stats(),
      health: lanes.health.stats(),
      auth: lanes.auth.stats(),
      figures: lanes.figures.stats(),
      background: lanes.background.stats(),
    }),
    end: async (how) => {
      await Promise.all(Object.values(lanes).map(({ sql }) => sql.end(how)));
    },
  };
}

/** Sets up the session of the embedded engine. All lanes share it, and it ignores start-up settings. */
export async function setUpSession(sql: Sql, searchPath: string): Promise<void> {
  await sql`select set_config('search_path', ${searchPath}, false), set_config('TimeZone', 'UTC', false)`;
}
