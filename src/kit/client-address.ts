import ipaddr from "ipaddr.js";

type Range = ReturnType<typeof ipaddr.parseCIDR>;

/**
 * Makes a function that tells the address of a client. A proxy that is trusted names the client in `X-Forwarded-For`,
 * to which each proxy appends the address that it saw. Everybody else may write anything there.
 *
 * @param trusted addresses and CIDR ranges of proxies
 */
export function createClientAddress(trusted: readonly string[] = []) {
  const ranges = trusted.map(rangeOf);
  const isTrusted = (address: string) => {
    if (!ipaddr.isValid(address)) return false;
    const parsed = ipaddr.process(address);
    return ranges.some((range) => parsed.kind() === range[0].kind() && parsed.match(range));
  };
  return (peer = "", forwardedFor: string | string[] = ""): string => {
    if (ranges.length === 0 || !isTrusted(peer)) return plain(peer);
    // The last address is the one that the nearest proxy saw.
    let client = peer;
    for (const hop of forwardedFor.toString().split(",").reverse()) {
      const address = hop.trim();
      if (!ipaddr.isValid(address)) break;
      client = address;
      if (!isTrusted(address)) break;
    }
    return plain(client);
  };
}

/**
 * What limits count an address as: an IPv4 address itself, and of an IPv6 address the first 64 bits, since one client
 * has all addresses behind them.
 */
export function networkOf(address: string): string {
  if (!address.includes(":") || !ipaddr.isValid(address)) return address;
  const parsed = ipaddr.process(address);
  if (parsed.kind() === "ipv4") return parsed.toString();
  return `${(parsed as ipaddr.IPv6).parts
    .slice(0, 4)
    .map((part) => part.toString(16))
    .join(":")}::/64`;
}

/** An IPv4 address in IPv6 form is written as IPv4. */
const plain = (address: string) => (ipaddr.isValid(address) ? ipaddr.process(address).toString() : address);

/** Whether a text is an address or a CIDR range. */
export const isRange = (text: string): boolean => ipaddr.isValid(text) || ipaddr.isValidCIDR(text);

const rangeOf = (text: string): Range =>
  text.includes("/")
    ? ipaddr.parseCIDR(text)
    : [ipaddr.process(text), ipaddr.process(text).kind() === "ipv4" ? 32 : 128];
