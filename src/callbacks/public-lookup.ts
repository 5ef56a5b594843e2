import { type LookupAddress, type LookupOptions, lookup as systemLookup } from "node:dns";
import type { LookupFunction } from "node:net";
import { isPublicAddress } from "./public-address.ts";

/** Finds all addresses of a name. */
export type Resolve = (
  hostname: string,
  options: LookupOptions & { all: true },
  callback: (error: NodeJS.ErrnoException | null, addresses: LookupAddress[]) => void,
) => void;

/**
 * A look-up for connections that must not lead to private addresses. The connection uses the very addresses that are
 * checked here, so a name that resolves differently the next time gains nothing. One private address among several is
 * enough to refuse the name.
 */
export function publicLookup(resolve: Resolve = systemLookup): LookupFunction {
  return (hostname, options, callback) => {
    resolve(hostname, { ...options, all: true }, (error, addresses = []) => {
      const [first] = addresses;
      const refused = error ?? faultOf(hostname, addresses);
      if (refused || !first) return callback(refused ?? new Error(`${hostname} has no address`), []);
      if (options.all) return callback(null, addresses);
      callback(null, first.address, first.family);
    });
  };
}

function faultOf(hostname: string, addresses: LookupAddress[]): Error | undefined {
  const inside = addresses.some(({ address }) => !isPublicAddress(address));
  return inside ? new Error(`${hostname} leads to an address that is not of the public internet`) : undefined;
}
