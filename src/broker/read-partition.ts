import { setTimeout as sleep } from "node:timers/promises";
import type { PartitionLog, Stretch, Subscription } from "../messaging/broker.ts";
import { type cutStretch, MESSAGES_A_CHUNK } from "../messaging/cut-stretch.ts";
import type { PartitionStatus } from "./broker-status.ts";
import type { ConsumerDeps, Held } from "./consumer-deps.ts";

const RETRY_MS = 500;
const MAX_RETRY_MS = 10_000;
/** How often a stopped partition is looked at again: its position may have been changed or removed. */
const LOOK_AGAIN_MS = 10_000;
/** The number of looks at the lag without a stored message after which the partition is read again. */
const MAX_IDLE = 6;
/** So many failures at one place, which are no passing condition, and fewer messages are stored at once. */
const TRIES = 3;

interface Deps<Claim extends Held> extends ConsumerDeps<Claim> {
  subscription: Subscription;
  lagOf: (partition: number, position: number | undefined) => Promise<PartitionLog>;
}

/**
 * One partition while it is assigned to this process: claims it, reads it from its stored position, and after a failure
 * does both again.
 */
export class ReadPartition<Claim extends Held> {
  readonly #partition: number;
  readonly #deps: Deps<Claim>;
  readonly #stopping = new AbortController();
  #state: PartitionStatus["state"] = "starting";
  #claim: Claim | undefined;
  /** The position that is delivered next. */
  #next = 0;
  #logId: string | undefined;
  #problem: string | undefined;
  #lag: number | undefined;
  /** When the last stored message was sent; before the first one, when unread messages were seen first. */
  #behindSince: number | undefined;
  #failures = 0;
  #isStoring = false;
  /** How often in a row messages were unread and none was stored, and where. */
  #idle = 0;
  #seenAt = -1;
  /** Failures at one place that are no passing condition. */
  #bad = { from: -1, end: -1, messages: 0, tries: 0 };
  /** Messages that are stored at once. It shrinks to find a message that cannot be stored. */
  #atOnce = Number.POSITIVE_INFINITY;

  constructor(partition: number, deps: Deps<Claim>) {
    this.#partition = partition;
    this.#deps = deps;
  }

  get position(): number | undefined {
    return this.#claim?.position;
  }

  start(): void {
    void this.#begin(0);
  }

  stop(): void {
    this.#stopping.abort();
  }

  /**
   * Takes note of the state of the partition at the broker. A partition whose log is another one, or that delivers
   * nothing although messages are unread, is claimed and read again.
   */
  sees(log: PartitionLog): void {
    const { unread } = log;
    if (this.#claim && this.#state === "reading" && !this.#isStoring) {
      const isAnew =
        madeAnew(this.#deps.topic, this.#partition, { ...this.#claim, logId: this.#logId }, log) !== undefined;
      this.#idle = unread > 0 && this.#seenAt === this.#next ? this.#idle + 1 : 0;
      this.#seenAt = this.#next;
      if (isAnew || this.#idle > MAX_IDLE) this.#again();
    }
    this.#note(log);
  }

  #note({ unread }: PartitionLog): void {
    this.#lag = unread;
    if (unread > 0) this.#behindSince ??= Date.now();
    else this.#behindSince = undefined;
  }

  status(): PartitionStatus {
    const behind = this.#lag === 0 ? 0 : this.#behindSince && Math.max(0, (Date.now() - this.#behindSince) / 1000);
    return {
      topic: this.#deps.topic,
      partition: this.#partition,
      state: this.#state,
      position: this.position ?? null,
      lag: this.#lag ?? null,
      age_seconds: behind ?? null,
      problem: this.#problem ?? null,
    };
  }

  /** Stores a stretch. If that fails, the partition is paused and read again from its stored position. */
  async store(stretch: Stretch, cut: typeof cutStretch): Promise<void> {
    if (!this.#claim || this.#state !== "reading") return;
    this.#isStoring = true;
    try {
      for (const part of cut(stretch, Math.min(this.#atOnce, MESSAGES_A_CHUNK))) {
        if (!(await this.#storePart(part))) return;
      }
    } finally {
      this.#isStoring = false;
    }
  }

  /** @returns whether it was stored */
  async #storePart(part: Stretch): Promise<boolean> {
    if (!this.#claim || this.#stopping.signal.aborted) return false;
    try {
      if (part.from !== this.#next) throw new Error(`messages from ${part.from} came, not those from ${this.#next}`);
      const stored = await this.#deps.store(this.#claim, this.#marked(part), this.#logId);
      this.#passed(stored.claim, part, stored.rejected);
      return true;
    } catch (error) {
      if (!this.#stopping.signal.aborted) this.#failed(error, part);
      return false;
    }
  }

  /** Claims and reads the partition again at once. */
  #again(): void {
    this.#deps.subscription.pause(this.#partition);
    this.#state = "waiting";
    this.#idle = 0;
    void this.#begin(0);
  }

  #passed(claim: Claim, part: Stretch, rejected: number): void {
    this.#claim = claim;
    this.#next = part.next;
    this.#failures = 0;
    if (part.next >= this.#bad.end) {
      this.#bad = { from: -1, end: -1, messages: 0, tries: 0 };
      this.#atOnce = Number.POSITIVE_INFINITY;
    }
    if (this.#lag !== undefined) this.#lag = Math.max(0, this.#lag - part.messages.length);
    const last = part.messages.at(-1);
    if (last) this.#behindSince = this.#lag === 0 ? undefined : last.sentAt;
    this.#deps.subscription.report(this.#partition, part.next);
    this.#deps.onStored?.(part.messages.length, rejected);
  }

  /** The stretch; if it is one message that failed again and again, with that fault. */
  #marked(part: Stretch): Stretch {
    const [only] = part.messages;
    const { from, messages, tries } = this.#bad;
    if (!only || part.messages.length > 1 || part.from !== from || messages > 1 || tries < TRIES) return part;
    const detail = "the message could not be stored, for a reason of the service";
    return { ...part, messages: [{ ...only, fault: { code: "invalid_row", detail } }] };
  }

  #failed(error: unknown, part: Stretch): void {
    const { log, topic, subscription } = this.#deps;
    subscription.pause(this.#partition);
    this.#state = "waiting";
    const where = { topic, partition: this.#partition, position: part.from };
    if (this.#deps.isFenced(error)) {
      log.info({ ...where, err: error }, "a partition was taken over or its position was moved");
    } else if (this.#deps.mayPass(error)) {
      if (this.#failures === 0)
        log.warn({ ...where, err: error }, "messages cannot be stored now; the partition waits");
    } else {
      log.error({ ...where, messages: part.messages.length, err: error }, "messages could not be stored");
      this.#narrow(part);
    }
    this.#problem = error instanceof Error ? error.message : String(error);
    void this.#begin(++this.#failures);
  }

  /** After some failures at one place fewer messages are stored at once, in the end the one that is to blame. */
  #narrow({ from, next, messages }: Stretch): void {
    const isSuspect = this.#atOnce < Number.POSITIVE_INFINITY;
    const tries = isSuspect ? TRIES : this.#bad.from === from ? this.#bad.tries + 1 : 1;
    this.#bad = { from, end: next, messages: messages.length, tries };
    // Claiming again takes no longer pause, since the condition does not pass.
    this.#failures = 0;
    if (tries >= TRIES) this.#atOnce = Math.max(1, Math.ceil(messages.length / 2));
  }

  /** Claims the partition and reads it, after a pause that grows with the failures. */
  async #begin(failures: number): Promise<void> {
    const { subscription, retryMs = RETRY_MS } = this.#deps;
    for (let attempt = failures; ; attempt++) {
      if (attempt > 0) await this.#pause(Math.min(retryMs * 2 ** (attempt - 1), MAX_RETRY_MS));
      try {
        while (!(await this.#claimed())) await this.#pause(LOOK_AGAIN_MS);
        if (this.#stopping.signal.aborted) return;
        this.#state = "reading";
        this.#problem = undefined;
        subscription.read(this.#partition, this.#next);
        return;
      } catch (error) {
        if (this.#stopping.signal.aborted) return;
        if (attempt === failures) {
          const where = { topic: this.#deps.topic, partition: this.#partition, err: error };
          this.#deps.log.warn(where, "a partition cannot be claimed now; it is tried again");
        }
        this.#problem = error instanceof Error ? error.message : String(error);
      }
    }
  }

  /** @returns whether the partition can be read; false if its topic was deleted and created again */
  async #claimed(): Promise<boolean> {
    const { topic, claim, log, lagOf, setProblem } = this.#deps;
    this.#stopping.signal.throwIfAborted();
    const held = await claim(this.#partition);
    this.#claim = held;
    const found = await lagOf(this.#partition, held.position);
    this.#logId = found.logId;
    this.#note(found);
    this.#next = Math.max(held.position ?? found.first, found.first);
    const problem = madeAnew(topic, this.#partition, held, found);
    await setProblem(held, problem);
    if (problem !== undefined) {
      if (this.#state !== "stopped") log.error({ topic, partition: this.#partition }, problem);
      this.#state = "stopped";
      this.#problem = problem;
      return false;
    }
    if (held.position !== undefined && held.position < found.first) {
      const gap = { topic, partition: this.#partition, position: held.position, first: found.first };
      log.error(gap, "the broker has dropped messages that were not read yet; reading goes on with the oldest one");
    }
    return true;
  }

  async #pause(ms: number): Promise<void> {
    await sleep(ms, undefined, { signal: this.#stopping.signal }).catch(() => {});
  }
}

/** Why a position does not belong to this log, and what to do. Undefined: it does. */
function madeAnew(topic: string, partition: number, held: Held, found: PartitionLog): string | undefined {
  if (held.position === undefined) return undefined;
  const isOther = held.logId !== undefined && found.logId !== undefined && held.logId !== found.logId;
  if (!isOther && held.position <= found.end) return undefined;
  const why = isOther ? "it is another log than the one that was read" : `it ends at ${found.end}`;
  return `Partition ${partition} of the topic ${topic} was made anew or cut off: ${why}, and the stored position is ${held.position}. Nothing is read from it. To read it from its oldest message, run: delete from tripgrid.broker_positions where topic = '${topic.replaceAll("'", "''")}' and partition = ${partition}`;
}
