import { withLinks } from "../batches/receipt.ts";
import type { Wiring } from "../wiring.ts";
import { recordDelivery, recordFailure, takeDueCallbacks } from "./callbacks.db.ts";
import { createDeliverer } from "./deliver-callbacks.ts";
import { createSender } from "./send-callback.ts";

export type Deliverer = ReturnType<typeof createDeliverer>;

/** Wires the delivery of receipts to callbacks. Undefined: there is no secret to sign them with. */
export function wireCallbacks({ lanes, config, log }: Wiring): Deliverer | undefined {
  const { sql } = lanes.ingest;
  const { callbackSecret: secret, callbackAllowPrivate: allowPrivate } = config;
  if (secret === undefined) return undefined;
  return createDeliverer({
    takeDue: takeDueCallbacks.bind(null, sql),
    send: createSender({ secret, allowPrivate, present: withLinks }),
    recordDelivery: recordDelivery.bind(null, sql),
    recordFailure: recordFailure.bind(null, sql),
    onFailure: ({ id, attempt }, error, isGivenUp) =>
      log.warn({ batch_id: id, attempt, error, given_up: isGivenUp }, "a callback failed"),
    onError: (err) => log.warn({ err }, "callbacks could not be looked for or recorded"),
  });
}
