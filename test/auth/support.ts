import type { KeyLimits } from "../../src/auth/key-limits.ts";
import type { Scope } from "../../src/kit/scope.ts";
import { call, type Problem, type Reply } from "../harness/api.ts";
import type { TestService } from "../harness/index.ts";

export interface MadeKey {
  key_id: string;
  key: string;
}

export interface KeyOptions extends KeyLimits {
  source?: string;
  region?: string;
  expires_at?: string;
  name?: string;
}

/** Makes a key as the service itself, which may do everything. */
export async function makeKey(service: TestService, scopes: Scope[], more: KeyOptions = {}): Promise<MadeKey> {
  const made = await as(service, service.ownKey).post<MadeKey>("/v1/keys", { name: scopes.join("-"), scopes, ...more });
  if (made.status !== 201) throw new Error(JSON.stringify(made.body));
  return made.body;
}

/** Calls the API with a credential. Undefined: without one. */
export function as({ url }: { url: string }, credential: string | undefined) {
  const headers: Record<string, string> = credential === undefined ? {} : { authorization: `Bearer ${credential}` };
  const ask = <T = Problem>(method: string, path: string, body?: unknown, more: Record<string, string> = {}) =>
    call<T>({ url }, path, {
      method,
      headers: { ...headers, ...(body === undefined ? {} : { "content-type": "application/json" }), ...more },
      ...(body === undefined ? {} : { body: typeof body === "string" ? body : JSON.stringify(body) }),
    });
  return {
    ask,
    get: <T = Problem>(path: string): Promise<Reply<T>> => ask<T>("GET", path),
    post: <T = Problem>(path: string, body: unknown, more?: Record<string, string>): Promise<Reply<T>> =>
      ask<T>("POST", path, body, more),
    put: <T = Problem>(path: string, body: unknown): Promise<Reply<T>> => ask<T>("PUT", path, body),
    delete: <T = Problem>(path: string): Promise<Reply<T>> => ask<T>("DELETE", path),
  };
}
