import type { Logger } from "pino";
import { createDeliverer } from "./callbacks/deliver-callbacks.ts";
import { createSender } from "./callbacks/send-callback.ts";
import type { Config } from "./config.ts";
import { recordDelivery, recordFailure, takeDueCallbacks } from "./db/callbacks.ts";
import type { Sql } from "./db/client.ts";
import { withLinks } from "./http/trips-post.ts";

export type Deliverer = ReturnType<typeof createDeliverer>;

/** Puts the delivery of receipts to callbacks together; none without a secret to sign them with. */
export function wireCallbacks(sql: Sql, config: Config, log: Logger): Deliverer | undefined {
  const { callbackSecret: secret, callbackAllowPrivate: allowPrivate } = config;
  if (secret === undefined) return undefined;
  return createDeliverer({
    takeDue: takeDueCallbacks.bind(null, sql),
    send: createSender({ secret, allowPrivate, present: withLinks }),
    recordDelivery: recordDelivery.bind(null, sql),
    recordFailure: recordFailure.bind(null, sql),
    onFailure: ({ batchId, attempt }, error, isGivenUp) =>
      log.warn({ batch_id: batchId, attempt, error, given_up: isGivenUp }, "a callback failed"),
    onError: (err) => log.warn({ err }, "callbacks could not be looked for or recorded"),
  });
}
