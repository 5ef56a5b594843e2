import type { RequestRecord } from "../kit/request-record.ts";
import { countSetAside } from "../rollups/refresh-attempts.db.ts";
import type { Wiring } from "../wiring.ts";
import { databaseSize } from "./database-size.db.ts";
import type { MetricSources } from "./metrics.ts";
import { PING_MS, ping } from "./ping.db.ts";
import { createRequestLog } from "./request-log.ts";

type Given = Required<Pick<MetricSources, "rollupStatus" | "countPoison" | "queueStatus" | "followers" | "broker">>;

/** Wires the probes and the metrics. `isStopping` becomes true when `stopping` is called. */
export function wireMonitoring({ lanes, room, log, metrics, config }: Wiring, given: Given) {
  const { sql } = lanes.figures;
  metrics.watch({
    ...given,
    room,
    pools: lanes.stats,
    countSetAside: () => countSetAside(sql),
    databaseSize: () => databaseSize(sql),
  });
  const logRequest = createRequestLog(log);
  let isStopping = false;
  return {
    calls: {
      ping: () => ping(lanes.health.within(PING_MS)),
      isStopping: () => isStopping,
      brokerStatus: () => given.broker.status?.(),
      metricsText: config.metricsPort === undefined ? metrics : undefined,
    },
    metrics,
    /** What the server counts and logs of each request. */
    counts: {
      ...metrics.requests,
      refused: (code: string, record?: RequestRecord) => {
        metrics.requests.refused(code);
        if (record) log.info({ request_id: record.id, client: record.client, code }, "connection refused");
      },
      replied: (request: Parameters<typeof logRequest>[0]) => {
        metrics.requests.replied(request);
        logRequest(request);
      },
    },
    stopping: () => {
      isStopping = true;
    },
  };
}
