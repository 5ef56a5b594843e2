import { setTimeout as sleep } from "node:timers/promises";
import type { Broker } from "../messaging/broker.ts";
import { type BrokerConfig, brokerSettings } from "../messaging/broker-settings.ts";
import { openBroker } from "../messaging/open-broker.ts";
import { Random, weighted } from "./random.ts";

/** Vehicles as a producer of the topic reports them: make, model, category, and how common they are. */
const VEHICLES: readonly [make: string, model: string, category: string, weight: number][] = [
  ["Toyota", "Land Cruiser", "SUV", 2],
  ["Toyota", "Corolla", "Sedan", 8],
  ["Fiat", "Panda", "Hatchback", 9],
  ["Fiat", "Ducato", "Van", 4],
  ["Volkswagen", "Golf", "Hatchback", 10],
  ["Volkswagen", "Tiguan", "SUV", 5],
  ["Ford", "Ranger", "Pickup", 2],
  ["Ford", "Transit", "Van", 5],
  ["Škoda", "Octavia", "Sedan", 7],
  ["Renault", "Clio", "Hatchback", 7],
];
const CAMERAS = ["north gate", "south gate", "harbour", "station"];
const FIRST_YEAR = 1995;
const EVERY_MS = 100;

/** Made-up vehicles, one after the other; the same seed gives the same ones. */
export function* vehicles(seed: number, thisYear: number): Generator<Record<string, unknown>> {
  const random = Random.seeded(seed);
  const draw = weighted(VEHICLES, ([, , , weight]) => weight);
  for (;;) {
    const [Make, Model, Category] = draw(random);
    const Year = FIRST_YEAR + random.below(thisYear - FIRST_YEAR + 1);
    yield { Year, Make, Model, Category, camera: CAMERAS[random.below(CAMERAS.length)] };
  }
}

/**
 * Publishes made-up detections, ten a second, until it is stopped. While the broker is away it keeps trying.
 *
 * @returns stops it; undefined: there is no broker, or no topic of detections
 */
export async function produceDetections(
  config: BrokerConfig & { detectionsTopic: string | undefined },
): Promise<{ topic: string; stop: () => Promise<void> } | undefined> {
  const settings = brokerSettings(config);
  const { detectionsTopic: topic } = config;
  if (!settings || topic === undefined) return undefined;
  const broker = await openBroker(settings);
  const stopping = new AbortController();
  const producing = produce(broker, topic, stopping.signal);
  return {
    topic,
    stop: async () => {
      stopping.abort();
      await producing;
      await broker.close();
    },
  };
}

async function produce(broker: Broker, topic: string, signal: AbortSignal): Promise<void> {
  for (const vehicle of vehicles(Date.now(), new Date().getFullYear())) {
    if (signal.aborted) return;
    const value = Buffer.from(JSON.stringify(vehicle));
    await broker.publish([{ topic, key: undefined, value, headers: {} }]).catch(() => {});
    await sleep(EVERY_MS, undefined, { signal }).catch(() => {});
  }
}
