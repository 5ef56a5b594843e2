import type { Wiring } from "../wiring.ts";
import { insertAudit, listAudit } from "./audit.db.ts";
import type { ListAudit, RecordAudit } from "./audit.ts";

/** Wires the audit log. */
export function wireAudit({ sql, questions, log }: Wiring): { recordAudit: RecordAudit; listAudit: ListAudit } {
  return {
    recordAudit: async (entry) => {
      try {
        await insertAudit(sql, entry);
      } catch (err) {
        // The change is committed, so its client gets the truth. The log keeps the entry instead.
        log.error({ err, audit: entry }, "an entry of the audit log could not be stored");
      }
    },
    listAudit: listAudit.bind(null, questions),
  };
}
