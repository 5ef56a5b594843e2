import type { IncomingMessage } from "node:http";
import { describe, expect, it } from "vitest";
import { createGate, type GateOptions } from "../../src/edge/gate.http.ts";

const ask = (headers: Record<string, string>, method = "GET", url = "/v1/trips") =>
  ({ method, url, headers, httpVersionMinor: 1 }) as unknown as IncomingMessage;

function gateWith(given: Partial<GateOptions> = {}) {
  const rateLimits = () => ({ requests: 2, remaining: 2 });
  return createGate({ host: "127.0.0.1", allowedHosts: undefined, allowedOrigins: undefined, rateLimits, ...given });
}
const verdict = (headers: Record<string, string>, given?: Partial<GateOptions>) =>
  gateWith(given).refusal(ask(headers))?.code ?? "let in";

describe("a request on loopback", () => {
  it.each([
    ["localhost", "let in"],
    ["LocalHost:8080", "let in"],
    ["127.0.0.1:8080", "let in"],
    ["[::1]:8080", "let in"],
    ["evil.example", "forbidden_host"],
    ["localhost.evil.example", "forbidden_host"],
    ["127.0.0.1.evil.example:8080", "forbidden_host"],
    ["192.168.0.1", "forbidden_host"],
    ["localhost@evil.example", "invalid_request"],
    ["a b", "invalid_request"],
    ["", "invalid_request"],
  ])("to the host %j is %s", (host, expected) => {
    expect(verdict({ host })).toBe(expected);
  });

  it("without a host is one of HTTP/1.0", () => {
    expect(verdict({})).toBe("invalid_request");
    expect(gateWith().refusal({ ...ask({}), httpVersionMinor: 0 } as IncomingMessage)).toBeUndefined();
  });

  it("may come by a name that is allowed, and as a probe by any", () => {
    expect(verdict({ host: "trips.example:443" }, { allowedHosts: ["trips.example"] })).toBe("let in");
    for (const url of ["/livez", "/readyz", "/readyz?x"]) {
      expect(gateWith().refusal(ask({ host: "10.0.0.1" }, "GET", url))).toBeUndefined();
    }
  });
});

describe("a request elsewhere", () => {
  it("may come by any name, unless there is a list", () => {
    expect(verdict({ host: "trips.example" }, { host: "0.0.0.0" })).toBe("let in");
    const listed = { host: "0.0.0.0", allowedHosts: ["trips.example"] };
    expect(verdict({ host: "trips.example" }, listed)).toBe("let in");
    expect(verdict({ host: "localhost:8080" }, listed)).toBe("let in");
    expect(verdict({ host: "evil.example" }, listed)).toBe("forbidden_host");
  });
});

describe("a page", () => {
  it.each([
    ["http://127.0.0.1:8080", "127.0.0.1:8080", "let in"],
    ["http://localhost", "localhost:80", "let in"],
    ["https://localhost", "localhost:443", "let in"],
    ["http://localhost:8080", "127.0.0.1:8080", "forbidden_origin"],
    ["http://127.0.0.1:3000", "127.0.0.1:8080", "forbidden_origin"],
    ["https://evil.example", "localhost", "forbidden_origin"],
    ["null", "localhost", "forbidden_origin"],
    ["", "localhost", "forbidden_origin"],
    ["http://localhost/path", "localhost", "forbidden_origin"],
    ["chrome-extension://localhost", "localhost", "forbidden_origin"],
  ])("of %j asks %s and is %s", (origin, host, expected) => {
    expect(verdict({ host, origin })).toBe(expected);
  });

  it("of another origin may ask if that is allowed", () => {
    const allowedOrigins = ["https://maps.example"];
    expect(verdict({ host: "localhost", origin: "https://maps.example" }, { allowedOrigins })).toBe("let in");
    expect(verdict({ host: "localhost", origin: "http://maps.example" }, { allowedOrigins })).toBe("forbidden_origin");
  });
});

describe("requests that bring trips", () => {
  it("are limited in number, and others are not", () => {
    const gate = gateWith();
    const post = ask({ host: "localhost" }, "POST");
    const leave = gate.enter(post);
    gate.enter(ask({ host: "localhost" }, "POST", "/v1/batches/5/rejects?x=1"));
    expect(gate.refusal(post)).toMatchObject({ code: "too_many_requests", retryAfterSeconds: 1 });
    expect(gate.refusal(ask({ host: "localhost" }))).toBeUndefined();
    expect(gate.refusal(ask({ host: "localhost" }, "POST", "/v1/query"))).toBeUndefined();
    leave();
    expect(gate.refusal(post)).toBeUndefined();
  });
});
