import { StartError } from "../errors.ts";
import type { Broker } from "./broker.ts";
import type { BrokerSettings } from "./broker-settings.ts";

/**
 * Opens a broker, whose client is loaded only now. It connects in the background.
 *
 * @throws StartError if a file of the settings cannot be read
 */
export async function openBroker(settings: BrokerSettings): Promise<Broker> {
  const create =
    settings.kind === "kafka" ? (await import("./kafka.ts")).createKafka : (await import("./nats.ts")).createNats;
  try {
    return create(settings);
  } catch (error) {
    throw new StartError(`A file of the broker's settings cannot be read: ${(error as Error).message}.`);
  }
}
