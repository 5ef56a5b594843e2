import { randomBytes, randomUUID } from "node:crypto";
import { decodeJwt, SignJWT } from "jose";
import { createJwtCheck, type VerifyJwt } from "./jwt.ts";
import type { Login } from "./logins.ts";
import { invalidToken } from "./refusals.ts";

/** The issuer and the audience of the tokens that this service makes. */
export const OWN_ISSUER = "tripgrid";
/** A made-up key does not make the service ask the database more often than this. */
const COOLDOWN_MS = 2000;

export interface SigningKey {
  id: string;
  secret: Uint8Array;
}

/** Reads the signing keys, newest first, and makes one if there is none. */
export type LoadSigningKeys = (secret: () => Uint8Array) => Promise<SigningKey[]>;

export interface OwnTokens {
  sign(login: Login, seconds: number): Promise<string>;
  verify: VerifyJwt;
}

/** Whether a token claims to be one of ours. The check of its signature follows. */
export function isOwnToken(token: string): boolean {
  try {
    return decodeJwt(token).iss === OWN_ISSUER;
  } catch {
    return false;
  }
}

/** Signs and checks the tokens of users. All processes on a database share its keys. */
export function createOwnTokens(load: LoadSigningKeys, now = Date.now): OwnTokens {
  let keys: SigningKey[] = [];
  let loadedAt = Number.NEGATIVE_INFINITY;
  const reload = async () => {
    loadedAt = now();
    keys = await load(() => randomBytes(32));
  };
  const keyWith = async (id: unknown): Promise<SigningKey | undefined> => {
    const find = () => keys.find((key) => key.id === id);
    if (!find() && now() - loadedAt > COOLDOWN_MS) await reload();
    return find();
  };
  return {
    sign: async ({ username, scopes }, seconds) => {
      if (keys.length === 0) await reload();
      const [key] = keys;
      if (!key) throw new Error("there is no key to sign tokens with");
      const at = Math.floor(now() / 1000);
      return new SignJWT({ scope: scopes.join(" ") })
        .setProtectedHeader({ alg: "HS256", typ: "JWT", kid: key.id })
        .setIssuer(OWN_ISSUER)
        .setAudience(OWN_ISSUER)
        .setSubject(username)
        .setJti(randomUUID())
        .setIssuedAt(at)
        .setExpirationTime(at + Math.ceil(seconds))
        .sign(key.secret);
    },
    verify: createJwtCheck({
      key: async ({ kid }) => {
        const key = await keyWith(kid);
        if (!key) throw invalidToken("its key is not one of this service");
        return key.secret;
      },
      issuer: OWN_ISSUER,
      audience: OWN_ISSUER,
      algorithms: ["HS256"],
      skewS: 0,
      scopeClaim: "scope",
    }),
  };
}
