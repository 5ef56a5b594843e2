import { describe, expect, it } from "vitest";
import { useService } from "../harness/index.ts";

const service = useService({ allowedOrigins: ["https://maps.example"] });
const ask = (path: string, origin: string | undefined, init: RequestInit = {}) =>
  fetch(service.url + path, { ...init, headers: { ...(origin ? { origin } : {}), ...init.headers } });

describe("every reply", () => {
  it.each(["/livez", "/v1/trips", "/nothing", "/v1/trips?limit=x", "/docs"])(
    "%s tells browsers what they may not do",
    async (path) => {
      const { headers } = await ask(path, undefined);
      expect(headers.get("x-content-type-options")).toBe("nosniff");
      expect(headers.get("x-frame-options")).toBe("DENY");
      expect(headers.get("referrer-policy")).toBe("no-referrer");
      expect(headers.get("content-security-policy")).toContain("default-src 'none'");
      expect(headers.get("access-control-allow-origin")).toBeNull();
      for (const name of ["server", "x-powered-by"]) expect(headers.get(name)).toBeNull();
    },
  );

  it("lets only the documentation run scripts, its own", async () => {
    const policy = (await ask("/docs", undefined)).headers.get("content-security-policy");
    expect(policy).toMatch(/script-src 'self' 'sha256-[\w+/=]+'/);
    expect(policy).not.toMatch(/script-src[^;]*unsafe/);
  });
});

describe("a page of an allowed origin", () => {
  it("may read replies, and no other page may", async () => {
    const reply = await ask("/v1/trips", "https://maps.example");
    expect(reply.headers.get("access-control-allow-origin")).toBe("https://maps.example");
    expect(reply.headers.get("vary")).toBe("Origin");
    expect(reply.headers.get("access-control-allow-credentials")).toBeNull();
    const other = await ask("/v1/trips", "https://evil.example");
    expect([other.status, other.headers.get("access-control-allow-origin")]).toEqual([403, null]);
  });

  it("may ask first, without a credential", async () => {
    const headers = { "access-control-request-method": "PUT", "access-control-request-headers": "authorization" };
    const reply = await ask("/v1/regions/Turin", "https://maps.example", { method: "OPTIONS", headers });
    expect(reply.status).toBe(204);
    expect(reply.headers.get("access-control-allow-methods")).toContain("PUT");
    expect(reply.headers.get("access-control-allow-headers")).toContain("Authorization");
    const other = await ask("/v1/regions/Turin", "https://evil.example", { method: "OPTIONS", headers });
    expect([other.status, other.headers.get("access-control-allow-methods")]).toEqual([403, null]);
  });
});
