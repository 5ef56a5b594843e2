import { type Receipt, withLinks } from "../batches/receipt.ts";
import type { Wiring } from "../wiring.ts";
import type { CallbackQueue } from "./callback-queue.db.ts";
import { batchCallbacks } from "./callbacks.db.ts";
import { createDeliverer, type Deliverer } from "./deliver-callbacks.ts";
import { createSender } from "./send-callback.ts";

export type { Deliverer } from "./deliver-callbacks.ts";

/** Wires the delivery of receipts to callbacks. Undefined: there is no secret to sign them with. */
export const wireCallbacks = (wiring: Wiring): Deliverer | undefined =>
  wireDeliverer<Receipt>(wiring, batchCallbacks, "batch_id", withLinks);

/**
 * Wires the delivery of callbacks. Undefined: there is no secret to sign them with.
 *
 * @param idName what the log calls the id of what they tell of
 * @param present makes of it what is sent
 */
export function wireDeliverer<P>(
  { lanes, config, log }: Wiring,
  queue: CallbackQueue<P>,
  idName: string,
  present: (payload: P) => object,
): Deliverer | undefined {
  const { sql } = lanes.ingest;
  const { callbackSecret: secret, callbackAllowPrivate: allowPrivate } = config;
  if (secret === undefined) return undefined;
  return createDeliverer<P>({
    takeDue: queue.takeDue.bind(null, sql),
    send: createSender<P>({ secret, allowPrivate, present }),
    recordDelivery: queue.recordDelivery.bind(null, sql),
    recordFailure: queue.recordFailure.bind(null, sql),
    onFailure: ({ id, attempt }, error, isGivenUp) =>
      log.warn({ [idName]: id, attempt, error, given_up: isGivenUp }, "a callback failed"),
    onError: (err) => log.warn({ err }, "callbacks could not be looked for or recorded"),
  });
}
