import ipaddr from "ipaddr.js";

/**
 * Whether an IP address belongs to the public internet. If it stands for another address behind a translator or a
 * tunnel, that other one counts.
 */
export function isPublicAddress(text: string): boolean {
  if (!ipaddr.isValid(text)) return false;
  const address = ipaddr.parse(text);
  if (address.kind() === "ipv4") return address.range() === "unicast";
  const { parts } = address as ipaddr.IPv6;
  const [first = 0, second = 0, third = 0] = parts;
  switch (address.range() as string) {
    case "unicast":
      // All assigned addresses are within 2000::/3. Others are deprecated or not known yet.
      return (first & 0xe000) === 0x2000;
    case "ipv4Mapped":
    case "rfc6145":
      return isPublicIPv4(parts[6], parts[7]);
    case "rfc6052":
      // 64:ff9b:1::/48 belongs to the network that it is used in.
      return third === 0 && isPublicIPv4(parts[6], parts[7]);
    case "6to4":
      return isPublicIPv4(second, third);
    default:
      return false;
  }
}

function isPublicIPv4(high = 0, low = 0): boolean {
  return new ipaddr.IPv4([high >> 8, high & 0xff, low >> 8, low & 0xff]).range() === "unicast";
}
