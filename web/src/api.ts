import type { Question } from "./questions.ts";
import { bearerOf, readSession, type Session, writeSession } from "./session.ts";

/** An error that the API told (RFC 9457), or that the network made. Its message says what to do. */
export class ApiError extends Error {
  readonly status: number;
  readonly code: string;

  constructor(status: number, code: string, detail: string) {
    super(detail);
    this.status = status;
    this.code = code;
  }
}

/** Asks the service, with the credential of this tab. */
export interface Api {
  /** The address of the service, without a slash at its end. */
  base: string;
  /** The reply of a question, as JSON. @throws ApiError */
  ask<T>(question: Question, signal?: AbortSignal): Promise<T>;
  /** The reply of any request whose status is below 400. @throws ApiError */
  send(path: string, init?: RequestInit): Promise<Response>;
  headers(): Record<string, string>;
  session(): Session | undefined;
  /** Signs in with a user's name and password. @throws ApiError */
  logIn(username: string, password: string): Promise<void>;
  useKey(key: string): void;
  signOut(): Promise<void>;
  /** Called when a request needs a credential, or another one. */
  onSignInNeeded: (error: ApiError) => void;
}

/** @param base the address of the service, without a slash at its end */
export function createApi(base: string): Api {
  let renewal: Promise<boolean> | undefined;
  const headers = (): Record<string, string> => {
    const session = readSession();
    return session ? { authorization: `Bearer ${bearerOf(session)}` } : {};
  };
  const attempt = async (path: string, init: RequestInit): Promise<Response> => {
    try {
      return await fetch(`${base}${path}`, { ...init, headers: { ...headers(), ...init.headers } });
    } catch (error) {
      if (init.signal?.aborted) throw error;
      throw new ApiError(0, "unreachable", "The service does not answer. Check that it runs, then try again.");
    }
  };
  const api: Api = {
    base,
    headers,
    session: readSession,
    onSignInNeeded: () => {},
    send: async (path, init = {}) => {
      let reply = await attempt(path, init);
      if (reply.status === 401 && readSession()?.kind === "user") {
        renewal ??= renew(base).finally(() => {
          renewal = undefined;
        });
        if (await renewal) reply = await attempt(path, init);
      }
      if (reply.ok) return reply;
      const error = await errorOf(reply);
      if (reply.status === 401) api.onSignInNeeded(error);
      throw error;
    },
    ask: async (question, signal) => {
      const init: RequestInit = { method: question.method, ...(signal ? { signal } : {}) };
      if (question.body) {
        init.body = JSON.stringify(question.body);
        init.headers = { "content-type": "application/json" };
      }
      return (await (await api.send(question.path, init)).json()) as never;
    },
    logIn: async (username, password) => {
      const reply = await attempt("/v1/tokens", asJson({ username, password }));
      if (!reply.ok) throw await errorOf(reply);
      await keepTokens(username, reply);
    },
    useKey: (key) => writeSession({ kind: "key", key }),
    signOut: async () => {
      const session = readSession();
      writeSession(undefined);
      if (session?.kind !== "user") return;
      await fetch(`${base}/v1/tokens/revoke`, asJson({ refresh_token: session.refreshToken })).catch(() => {});
    },
  };
  return api;
}

const asJson = (body: unknown): RequestInit => ({
  method: "POST",
  headers: { "content-type": "application/json" },
  body: JSON.stringify(body),
});

async function keepTokens(username: string, reply: Response): Promise<void> {
  const tokens = (await reply.json()) as { access_token: string; refresh_token: string };
  writeSession({ kind: "user", username, accessToken: tokens.access_token, refreshToken: tokens.refresh_token });
}

/** Gets new tokens. Resolves to whether there are some. A refresh token is valid once, so one request uses it. */
async function renew(base: string): Promise<boolean> {
  const session = readSession();
  if (session?.kind !== "user") return false;
  const body = { grant_type: "refresh_token", refresh_token: session.refreshToken };
  const reply = await fetch(`${base}/v1/tokens`, asJson(body)).catch(() => undefined);
  if (!reply?.ok) return false;
  await keepTokens(session.username, reply);
  return true;
}

async function errorOf(reply: Response): Promise<ApiError> {
  const problem = (await reply.json().catch(() => ({}))) as { code?: string; detail?: string; title?: string };
  const detail = problem.detail ?? problem.title ?? `The service answers with status ${reply.status}.`;
  return new ApiError(reply.status, problem.code ?? "unknown", detail);
}
