/** The crowd, as a process of its own: what it does must not delay the clients whose waiting is measured. */
import { randomUUID } from "node:crypto";
import { setMaxListeners } from "node:events";
import { Agent } from "node:http";
import { constants, setPriority } from "node:os";
import { monitorEventLoopDelay } from "node:perf_hooks";
import { star } from "../../test/attacks/harness/areas.ts";
import { TRIP } from "../../test/attacks/harness/trip.ts";
import { digits } from "../lib/figures.ts";
import { send, untilAgain } from "./send.ts";
import { byStatus, note, type Times } from "./times.ts";

export interface CrowdOrder {
  url: string;
  source: string;
  clients: number;
  polygons: number;
  seconds: number;
}

/** Far more clients who post than are let in, and clients who ask about polygons of 10,000 vertices, at once. */
async function crowd({ url, source, clients, polygons, seconds }: CrowdOrder) {
  setPriority(constants.priority.PRIORITY_LOW);
  const posts: Times = new Map();
  const questions: Times = new Map();
  const errors = new Map<string, number>();
  const delay = monitorEventLoopDelay({ resolution: 10 });
  delay.enable();
  const over = AbortSignal.timeout(seconds * 1000);
  setMaxListeners(0, over);
  // By default an agent closes all but 256 idle connections, so most clients would open one for each post.
  const agent = new Agent({ keepAlive: true, maxSockets: clients + polygons, maxFreeSockets: clients + polygons });
  const body = JSON.stringify({ area: star(10_000), hours: "6-20" });
  const client = async (path: string, makeBody: () => string, times: Times) => {
    while (!over.aborted) {
      const reply = await send(url, agent, path, makeBody());
      note(reply, times, errors);
      if (reply.status !== 200) await untilAgain(reply, over);
    }
  };
  const trip = () => JSON.stringify({ ...TRIP, source, trip_id: randomUUID() });
  await Promise.all([
    ...Array.from({ length: clients }, () => client("/v1/trips", trip, posts)),
    ...Array.from({ length: polygons }, () => client("/v1/weekly-averages", () => body, questions)),
  ]);
  agent.destroy();
  return {
    accepted: posts.get(200)?.length ?? 0,
    crowd_posts: byStatus(posts),
    polygons_answered: byStatus(questions),
    errors: Object.fromEntries(errors),
    /** What the event loop of the crowd itself adds to its figures. */
    crowds_own_delay_p99_ms: digits(delay.percentile(99) / 1e6, 3),
  };
}

process.once("message", (order: CrowdOrder) => {
  crowd(order).then(
    (result) => process.send?.(result, () => process.exit(0)),
    (error) => {
      throw error;
    },
  );
});

export type CrowdResult = Awaited<ReturnType<typeof crowd>>;
