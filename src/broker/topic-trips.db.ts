import { randomUUID } from "node:crypto";
import type { LimitFunction } from "p-limit";
import type { Batch, RejectLimits } from "../batches/batch.ts";
import type { TopicSource } from "../batches/receipt.ts";
import type { SourceTally } from "../batches/row-tally.ts";
import { AppError } from "../errors.ts";
import { insertBatches } from "../ingest/store-batches.db.ts";
import { hasTakenLong, nextTurn } from "../kit/event-loop.ts";
import type { Hold, Room } from "../kit/room.ts";
import type { LookupsFor } from "../lookups/lookup.ts";
import type { Mapping } from "../mappings/mapping.ts";
import { mappingFor } from "../mappings/mapping-for.ts";
import { native } from "../mappings/native.ts";
import type { Message, Stretch } from "../messaging/broker.ts";
import { classifyRows } from "../parsing/classify-rows.ts";
import type { RowLimits } from "../parsing/row-limits.ts";
import { bytesOfRows } from "../parsing/row-room.ts";
import type { SentRow } from "../parsing/sent-row.ts";
import { countedTransaction, type Store } from "../storage/trip-transaction.db.ts";
import type { TimeRange } from "../time/time.ts";
import { messageRow } from "./message-row.ts";
import type { PartitionId } from "./positions.db.ts";
import type { RejectedMessage, Subject } from "./store-stretch.db.ts";

export interface TopicTripsDeps {
  topic: string;
  /** The name of a mapping. Undefined: it is recognised by the fields of each message. */
  mapping: string | undefined;
  store: Store;
  /** Shared with the other writers of many rows. */
  bulk: LimitFunction;
  customMappings: () => Promise<readonly Mapping[]>;
  /** Undefined: mappings have no lookups. */
  lookupsFor?: LookupsFor;
  startRange: () => TimeRange;
  limits: RowLimits;
  rejectLimits: RejectLimits;
  room: Room;
  onStored: () => void;
}

/** Messages that one mapping reads, as a batch. */
interface Group {
  batch: Batch;
  messages: readonly Message[];
}

interface Read {
  message: Message;
  row: SentRow;
}

interface Rows {
  groups: Group[];
  hold: Hold;
  /** For the metrics, once they are stored. */
  tallies: readonly SourceTally[];
}

/**
 * Trips that come by a topic. They get the checks of `POST /v1/trips`, by the same code. A stretch becomes a batch with
 * a receipt; messages of several formats become a batch each.
 */
export function topicTrips(deps: TopicTripsDeps): Subject<Rows> {
  return {
    topic: deps.topic,
    parse: async (stretch, from) => {
      const hold = deps.room.hold("rows");
      try {
        await hold.wait(stretch.messages.reduce((sum, { value }) => sum + bytesOfRows(value ?? new Uint8Array()), 0));
        return { groups: await groupsOf(stretch, from, deps), hold, tallies: [] };
      } catch (error) {
        hold.release();
        throw error;
      }
    },
    inTransaction: async (rows, write) => {
      const times = rows.groups.flatMap(({ batch }) => batch.trips.map(({ trip }) => trip.startedAt));
      try {
        return await deps.bulk(() =>
          countedTransaction(deps.store, "chunk", times, async (tx) => ({
            result: await write(tx),
            tallies: rows.tallies,
          })),
        );
      } finally {
        rows.hold.release();
      }
    },
    store: async (tx, rows) => {
      const { groups } = rows;
      const stored = await insertBatches(
        tx,
        deps.store,
        groups.map(({ batch }) => batch),
        deps.rejectLimits,
      );
      rows.tallies = stored.flatMap(({ tallies }) => tallies);
      return { rejected: stored.flatMap(({ batch }, i) => rejectedOf(batch, groups[i]?.messages ?? [])) };
    },
    onStored: deps.onStored,
  };
}

function rejectedOf({ batchId, rejected }: Batch, messages: readonly Message[]): RejectedMessage[] {
  return rejected.flatMap(({ row, problems }) => {
    const message = messages[row - 1];
    return message ? [{ message, problems, batchId }] : [];
  });
}

async function groupsOf({ messages }: Stretch, from: PartitionId, deps: TopicTripsDeps): Promise<Group[]> {
  const byMapping = new Map<Mapping, Read[]>();
  const mappings = new Map<string, Mapping>();
  let last: Mapping | undefined;
  // A value that is no object has no format, and joins the messages before it.
  let without: Read[] = [];
  for (const message of messages) {
    if (hasTakenLong()) await nextTurn();
    const row = messageRow(1, message, deps.limits);
    if ("fault" in row && last === undefined) {
      without.push({ message, row });
      continue;
    }
    last = "fault" in row ? last : await mappingOf(row.record, mappings, deps);
    const mapping = last as Mapping;
    const group = byMapping.get(mapping) ?? without;
    group.push({ message, row });
    byMapping.set(mapping, group);
    if (group === without) without = [];
  }
  if (without.length > 0) byMapping.set(await mappingOf({}, mappings, deps), without);
  const groups: Group[] = [];
  for (const [mapping, ofMapping] of byMapping) groups.push(await groupOf(ofMapping, mapping, from, deps));
  return groups;
}

/** Messages of one format have the same fields, so the mapping of these fields is looked for once. */
async function mappingOf(
  record: Record<string, unknown>,
  known: Map<string, Mapping>,
  { mapping, customMappings }: TopicTripsDeps,
): Promise<Mapping> {
  const fields = mapping === undefined ? Object.keys(record) : [];
  const key = fields.join("\0");
  const found = known.get(key) ?? (await chosen(mapping, fields, customMappings));
  if (known.size < MAX_KNOWN) known.set(key, found);
  return found;
}

/** A message whose mapping nobody can tell is read as a native one, and so it is rejected with what it lacks. */
function chosen(
  name: string | undefined,
  fields: string[],
  customMappings: TopicTripsDeps["customMappings"],
): Promise<Mapping> {
  return mappingFor(name, { form: "ndjson", fields }, customMappings).catch((error) => {
    if (error instanceof AppError && ["ambiguous_mapping", "source_required"].includes(error.code)) return native;
    throw error;
  });
}

/** Fields can differ in every message. */
const MAX_KNOWN = 1000;

async function groupOf(
  read: readonly Read[],
  mapping: Mapping,
  { topic, partition }: PartitionId,
  { limits, startRange, lookupsFor }: TopicTripsDeps,
): Promise<Group> {
  const batchId = randomUUID();
  const messages = read.map(({ message }) => message);
  const rows = read.map(({ row }, i): SentRow => ({ ...row, row: i + 1 }));
  const about = { lookups: await lookupsFor?.(mapping) };
  const options = { batchId, mapping, identity: "content", header: undefined, limits, about } as const;
  const sorted = await classifyRows(rows, { ...options, startRange: startRange() });
  const source: TopicSource = {
    topic,
    partition,
    first_position: messages[0]?.position ?? 0,
    last_position: messages.at(-1)?.position ?? 0,
  };
  const batch: Batch = {
    ...sorted,
    ...{ batchId, source },
    mapping: mapping.name,
    columns: undefined,
    received: rows.length,
    identity: "content",
    withVerdicts: false,
    idempotency: undefined,
    callback: undefined,
  };
  return { batch, messages };
}
