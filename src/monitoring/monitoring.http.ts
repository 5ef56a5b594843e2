import type { BrokerStatus } from "../broker/broker-status.ts";
import type { Endpoint } from "../kit/endpoint.http.ts";
import { livez, readyz } from "./health.http.ts";
import { getMetrics, type MetricsText } from "./metrics.http.ts";

interface Deps {
  /** Resolves if the database answers. */
  ping: () => Promise<void>;
  /** Whether the process finishes its work and takes no more. */
  isStopping: () => boolean;
  /** Undefined: there is no broker. */
  brokerStatus: () => BrokerStatus | undefined;
  /** Undefined: the metrics have a port of their own. */
  metricsText: MetricsText | undefined;
}

/** The endpoints for an orchestrator and a monitoring system. */
export const endpoints = ({ ping, isStopping, brokerStatus, metricsText }: Deps): Endpoint[] => [
  livez(),
  readyz(ping, isStopping, brokerStatus),
  ...(metricsText ? [getMetrics(metricsText)] : []),
];
