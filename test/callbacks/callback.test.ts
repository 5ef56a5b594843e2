import { describe, expect, it } from "vitest";
import { callbackUrl } from "../../src/callbacks/callback.ts";
import { isPublicAddress } from "../../src/callbacks/public-address.ts";
import { AppError } from "../../src/errors.ts";

const PUBLIC_ONLY = { allowPrivate: false };

function faultOf(url: string, policy: Parameters<typeof callbackUrl>[1] = PUBLIC_ONLY): string | undefined {
  try {
    callbackUrl(url, policy);
    return undefined;
  } catch (error) {
    if (!(error instanceof AppError)) throw error;
    expect(error.code).toBe("invalid_parameter");
    expect(error.extra).toMatchObject({ errors: [{ field: "callback" }] });
    return error.message;
  }
}

describe("an address", () => {
  it.each([
    "8.8.8.8",
    "172.15.0.1",
    "172.32.0.1",
    "100.63.255.255",
    "192.169.0.1",
    "2606:4700:4700::1111",
    "2a00:1450:4001:80b::200e",
    "::ffff:8.8.8.8",
    "64:ff9b::808:808",
    "2002:808:808::1",
  ])("%s is public", (address) => {
    expect(isPublicAddress(address)).toBe(true);
  });

  it.each([
    "127.0.0.1",
    "127.255.255.254",
    "0.0.0.0",
    "0.1.2.3",
    "10.0.0.1",
    "172.16.0.1",
    "172.31.255.255",
    "192.168.1.1",
    "169.254.169.254",
    "100.64.0.1",
    "100.100.100.200",
    "192.0.0.192",
    "192.0.2.1",
    "198.18.0.1",
    "203.0.113.9",
    "224.0.0.1",
    "240.0.0.1",
    "255.255.255.255",
    "::",
    "::1",
    "::7f00:1",
    "::ffff:10.0.0.1",
    "::ffff:7f00:1",
    "::ffff:0:127.0.0.1",
    "64:ff9b::7f00:1",
    "64:ff9b::169.254.169.254",
    "64:ff9b:1::808:808",
    "2002:7f00:1::",
    "2002:a00:1::1",
    "2001::1",
    "2001:db8::1",
    "3fff::1",
    "fe80::1",
    "fe80::1%eth0",
    "febf::1",
    "fec0::1",
    "fc00::1",
    "fd00:ec2::254",
    "ff02::1",
    "100::1",
    "4000::1",
    "5f00::1",
    "",
    "example.com",
  ])("%s is not", (address) => {
    expect(isPublicAddress(address)).toBe(false);
  });
});

describe("the URL of a callback", () => {
  it.each([
    ["https://example.com/trips?x=1", "https://example.com/trips?x=1"],
    ["http://example.com:8080", "http://example.com:8080/"],
    ["HTTPS://EXAMPLE.com/A#part", "https://example.com/A"],
    ["https://8.8.8.8/", "https://8.8.8.8/"],
    ["https://[2606:4700:4700::1111]/", "https://[2606:4700:4700::1111]/"],
    ["https://localhost.example.com/", "https://localhost.example.com/"],
  ])("%s is taken as %s", (url, taken) => {
    expect(callbackUrl(url, PUBLIC_ONLY)).toBe(taken);
  });

  it.each([
    "http://127.0.0.1/",
    "http://127.1/",
    "http://127.0.0.1./",
    "http://2130706433/",
    "http://0x7f000001/",
    "http://0x7f.1/",
    "http://0177.0.0.1/",
    "http://0/",
    "http://0.0.0.0:5432/",
    "http://%31%32%37.0.0.1/",
    "http://１２７.0.0.1/",
    "http://10.1.2.3/",
    "http://169.254.169.254/latest/meta-data/",
    "http://2852039166/",
    "http://[::1]/",
    "http://[::]/",
    "http://[::ffff:10.0.0.1]/",
    "http://[::ffff:7f00:1]/",
    "http://[64:ff9b::a00:1]/",
    "http://[fd00::1]/",
    "http://localhost/",
    "http://LOCALHOST:80/",
    "http://localhost./",
    "http://a.localhost/",
  ])("%s is refused unless private addresses are allowed", (url) => {
    expect(faultOf(url)).toMatch(/public internet/);
    expect(faultOf(url, { allowPrivate: true })).toBeUndefined();
  });

  it.each([
    ["ftp://example.com/", /http or https/],
    ["file:///etc/passwd", /http or https/],
    ["javascript:alert(1)", /http or https/],
    ["/relative", /absolute URL/],
    ["", /absolute URL/],
    ["https://", /absolute URL/],
    ["http://256.256.256.256/", /absolute URL/],
    ["https://user@example.com/", /user/],
    ["https://:secret@example.com/", /user/],
    [`https://example.com/${"x".repeat(2000)}`, /2000/],
  ])("%s is refused", (url, reason) => {
    expect(faultOf(url)).toMatch(reason);
    expect(faultOf(url, { allowPrivate: true })).toMatch(reason);
  });

  it("is refused where there is no secret, and the setting is named", () => {
    const url = "https://example.com/";
    expect(() => callbackUrl(url, undefined)).toThrow("TRIPGRID_CALLBACK_SECRET");
  });
});
