import type { Endpoint } from "../kit/endpoint.http.ts";
import { currentRecord } from "../kit/request-record.ts";
import type { RecordAudit } from "./audit.ts";

const CHANGES = new Set(["put", "patch", "delete"]);
/** Characters of a target. Ids may be longer than anybody reads. */
const MAX_TARGET = 500;

/** Whether the requests of an endpoint are recorded: those that change something and do not send trips. */
export const isAudited = ({ route, audited }: Endpoint): boolean => CHANGES.has(route.method) || audited === true;

/**
 * Records the requests of an endpoint that changed something. The reply waits for the entry. At a public endpoint nobody
 * is known to have changed anything unless its handler has named the actor: otherwise everybody could fill the log.
 */
export function withAudit(endpoint: Endpoint, recordAudit: RecordAudit): Endpoint {
  if (!isAudited(endpoint)) return endpoint;
  const { scope, route, handle } = endpoint;
  const action = `${route.method.toUpperCase()} ${route.path}`;
  return {
    ...endpoint,
    handle: async (c) => {
      const reply = await handle(c);
      const record = currentRecord();
      if (reply.ok && (scope !== "public" || record?.actor !== undefined)) {
        const target = reply.headers.get("location") ?? new URL(c.req.url).pathname;
        await recordAudit({
          actor: record?.actor ?? null,
          client: record?.client ?? "",
          action,
          target: target.slice(0, MAX_TARGET),
          status: reply.status,
          request_id: record?.id ?? "",
        });
      }
      return reply;
    },
  };
}
