import { readConfig } from "../config.ts";
import { StartError } from "../errors.ts";
import type { MappingDefinition } from "../mappings/mapping-definition.ts";
import { startOwnService } from "./own-service.ts";
import { configuredUrl, credentialOf, isTripgrid } from "./running-service.ts";

/**
 * Stores a mapping: in the running service, or else in one that is started for it in this process.
 *
 * @param url where the service listens; undefined: as the settings say
 * @throws StartError with the reason why it is not stored
 */
export async function saveMapping(name: string, mapping: MappingDefinition, url: string | undefined): Promise<void> {
  const config = readConfig();
  const running = url?.replace(/\/+$/, "") ?? configuredUrl(config);
  if (running !== undefined && (await isTripgrid(running))) return put(running, config.apiKey, name, mapping);
  if (url !== undefined) throw new StartError(`No Tripgrid service answers at ${url}.`);
  const service = await startOwnService(config);
  try {
    await put(service.url, service.ownKey, name, mapping);
  } finally {
    await service.stop();
  }
}

async function put(url: string, apiKey: string | undefined, name: string, mapping: MappingDefinition): Promise<void> {
  const reply = await fetch(`${url}/v1/mappings/${encodeURIComponent(name)}`, {
    method: "PUT",
    headers: { "content-type": "application/json", ...credentialOf(apiKey) },
    body: JSON.stringify(mapping),
    signal: AbortSignal.timeout(60_000),
  });
  if (reply.ok) return;
  const { detail } = (await reply.json().catch(() => ({}))) as { detail?: string };
  throw new StartError(`The mapping was not stored: ${detail ?? `the service answers ${reply.status}`}`);
}
