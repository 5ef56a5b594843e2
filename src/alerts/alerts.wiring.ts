import { isDeepStrictEqual } from "node:util";
import type { Publisher } from "../broker/publisher.ts";
import { wireDeliverer } from "../callbacks/callbacks.wiring.ts";
import { Ticker } from "../kit/poller.ts";
import type { Wiring } from "../wiring.ts";
import { type PutRule, type RuleDefinition, SUSPICIOUS } from "./alert.ts";
import { alertCallbacks } from "./alert-callbacks.db.ts";
import type { AlertCalls } from "./alerts.http.ts";
import { dispatchAlerts, findAlertsAfter, lastNumber } from "./dispatch-alerts.db.ts";
import { createAlertFollower } from "./follow-alerts.ts";
import { listAlerts, purgeAlerts } from "./list-alerts.db.ts";
import { conditionOf } from "./rule-condition.ts";
import { deleteRule, findRules, putRule, renewRules } from "./rules.db.ts";

export interface AlertParts {
  calls: AlertCalls;
  /** Looks for new alerts at once, because this process has stored something. */
  trigger(): void;
  /** Ends the event streams. */
  close(): Promise<void>;
  /** Removes old alerts. */
  tidy(): Promise<void>;
  stop(): Promise<void>;
}

/** Alerts of transactions of other processes wait this long at most, if these end before they have looked. */
const LOOK_EVERY_MS = 1000;

/** Wires rules and what becomes of alerts: numbers, the outbox, callbacks, followers. */
export async function wireAlerts(wiring: Wiring, publisher: Publisher | undefined): Promise<AlertParts> {
  const { config, lanes, log, room, db, sql, questions } = wiring;
  const pool = lanes.ingest.sql;
  await renewRules(pool, db, (name, err) => log.error({ err, rule: name }, "an alert rule cannot be read"));
  const put: PutRule = (name, rule) => putRule(sql, db, name, rule, conditionOf(rule.on, rule.where));
  await keepSuspicious(config.suspiciousVehicle, put, () => findRules(pool, SUSPICIOUS));
  const follower = createAlertFollower({
    ...{ room, findAfter: findAlertsAfter.bind(null, pool), lastNumber: lastNumber.bind(null, pool) },
    onError: (err) => log.warn({ err }, "alerts could not be looked for"),
  });
  const deliverer = wireDeliverer(wiring, alertCallbacks, "alert_id", (alert) => alert);
  const topic = publisher ? config.alertsTopic : undefined;
  let hasRules = true;
  const dispatcher = new Ticker(
    async () => {
      const done = await dispatchAlerts(pool, topic);
      hasRules = done.hasRules;
      if (done.numbered > 0) follower.trigger();
      if (done.numbered > 0) deliverer?.trigger();
      if (done.published > 0) publisher?.trigger();
      if (done.hasMore) dispatcher.trigger();
    },
    LOOK_EVERY_MS,
    (err) => log.warn({ err }, "alerts could not be numbered; they stay stored"),
  );
  dispatcher.run(true);
  deliverer?.start();
  return {
    calls: {
      putRule: async (name, rule) => {
        const stored = await put(name, rule);
        hasRules = true;
        return stored;
      },
      findRule: async (name) => (await findRules(questions, name))[0],
      listRules: () => findRules(questions),
      deleteRule: deleteRule.bind(null, sql),
      listAlerts: listAlerts.bind(null, questions),
      followAlerts: follower.followAlerts,
    },
    // Without rules nothing that is stored raises an alert.
    trigger: () => {
      if (hasRules) dispatcher.trigger();
    },
    close: follower.close,
    tidy: () => purgeAlerts(pool, config.alertDays),
    stop: async () => {
      await Promise.all([follower.close(), dispatcher.stop(), deliverer?.stop()]);
    },
  };
}

/** Makes the rule of SUSPICIOUS_VEHICLE, unless it is there already. */
async function keepSuspicious(
  categories: string[] | undefined,
  put: PutRule,
  find: () => Promise<RuleDefinition[]>,
): Promise<void> {
  if (categories === undefined) return;
  const [there] = await find();
  const where = { category: { in: categories } };
  if (there?.on === "detections" && isDeepStrictEqual(there.where, where)) return;
  await put(SUSPICIOUS, { on: "detections", where, callback: there?.callback });
}
