import { Ticker } from "../kit/poller.ts";
import { createResumable } from "../kit/resumable.ts";
import type { Store } from "../storage/trip-transaction.db.ts";
import type { Wiring } from "../wiring.ts";
import { recomputeRegion, recomputesLeft } from "./recompute.db.ts";
import type { PutRegion, PutRegions } from "./region.ts";
import { deleteRegion, findRegion, listRegions, putRegion, putRegions } from "./regions.db.ts";

/** How often work that another process left is looked for. */
const LOOK_EVERY_MS = 10_000;
/** A region whose trips are moved at once is answered with the result. */
const RECOMPUTE_WAIT_MS = 2000;

export function wireRegions({ sql, questions, log }: Wiring, store: Store) {
  const work = createResumable({
    finish: (name, signal) => recomputeRegion(store, name, signal),
    left: () => recomputesLeft(store.sql),
    onEnd: () => {},
    logError: (err, region) => log.error({ err, region }, "the trips of a region could not be moved to its time zone"),
  });
  const looking = new Ticker(work.resume, LOOK_EVERY_MS, (err) => log.warn({ err }, "regions could not be looked for"));
  looking.run(true);
  const stop = async () => {
    await Promise.all([looking.stop(), work.stop()]);
  };
  const put: PutRegion = async (change) => {
    const done = await putRegion(sql, change);
    if (done.region.recompute?.state !== "running") return done;
    await work.run(change.name, RECOMPUTE_WAIT_MS);
    return { ...done, region: (await findRegion(sql, change.name)) ?? done.region };
  };
  const putAll: PutRegions = async (changes) => {
    const done = await putRegions(sql, changes);
    void work.resume().catch((err) => log.warn({ err }, "regions could not be looked for"));
    return done;
  };
  const calls = {
    putRegion: put,
    putRegions: putAll,
    findRegion: findRegion.bind(null, questions),
    listRegions: () => listRegions(questions),
    deleteRegion: deleteRegion.bind(null, sql),
  };
  return { calls, stop };
}
