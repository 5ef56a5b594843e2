import { readFileSync } from "node:fs";
import type { BrokerSettings } from "./broker-settings.ts";

/** What the files of TLS hold, as Node's TLS takes it. Undefined: there is no TLS. @throws if one cannot be read */
export function readTlsFiles(tls: BrokerSettings["tls"]): { ca?: string; cert?: string; key?: string } | undefined {
  if (tls === undefined) return undefined;
  const { caFile: ca, certFile: cert, keyFile: key } = tls;
  const named = Object.entries({ ca, cert, key }).filter(([, file]) => file !== undefined);
  return Object.fromEntries(named.map(([name, file]) => [name, readFileSync(file as string, "utf8")]));
}
