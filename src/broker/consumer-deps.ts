import type { Broker, Stretch } from "../messaging/broker.ts";

/** The right to store the messages of a partition. `positions.db.ts` describes it. */
export interface Held {
  position: number | undefined;
  logId: string | undefined;
}

export interface ConsumerDeps<Claim extends Held> {
  topic: string;
  broker: Pick<Broker, "subscribe" | "lag">;
  claim: (partition: number) => Promise<Claim>;
  /** Stores a stretch and moves its position in one transaction. */
  store: (claim: Claim, stretch: Stretch, logId: string | undefined) => Promise<{ claim: Claim; rejected: number }>;
  /** Stores why a partition is not read. */
  setProblem: (claim: Claim, problem: string | undefined) => Promise<void>;
  /** Whether an error comes from a passing condition, and is no fault of a message or of ours. */
  mayPass: (error: unknown) => boolean;
  isFenced: (error: unknown) => boolean;
  log: ConsumerLog;
  /** Called after a commit. */
  onStored?: (messages: number, rejected: number) => void;
  lagEveryMs?: number;
  /** The first pause after a failure. Each further one is twice as long, up to 10 s. */
  retryMs?: number;
}

export interface ConsumerLog {
  info: (about: object, text: string) => void;
  warn: (about: object, text: string) => void;
  error: (about: object, text: string) => void;
}
