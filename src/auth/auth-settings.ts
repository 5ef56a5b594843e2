import { z } from "zod";

const ASYMMETRIC = ["RS256", "RS384", "RS512", "PS256", "PS384", "PS512", "ES256", "ES384", "ES512", "EdDSA"] as const;
const SYMMETRIC = ["HS256", "HS384", "HS512"] as const;

/** The settings of authentication, as `config.ts` reads them. */
export const authSettings = {
  TRIPGRID_FIRST_KEY_FILE: z.string().min(1).optional(),
  TRIPGRID_API_KEY: z.string().min(1).optional(),
  TRIPGRID_JWKS_URL: z.url({ protocol: /^https?$/, error: "expected an address of the issuer's keys" }).optional(),
  TRIPGRID_JWT_SECRET: z.string().min(32, "expected 32 characters or more").optional(),
  TRIPGRID_JWT_ISSUER: z.string().min(1).optional(),
  TRIPGRID_JWT_AUDIENCE: z.string().min(1).optional(),
  TRIPGRID_JWT_ALGORITHMS: z
    .string()
    .transform((text) => text.split(",").map((part) => part.trim()))
    .refine(
      (parts) => parts.every((part) => [...ASYMMETRIC, ...SYMMETRIC].some((known) => known === part)),
      `expected some of ${[...ASYMMETRIC, ...SYMMETRIC].join(", ")}, separated by commas`,
    )
    .optional(),
  TRIPGRID_JWT_SKEW_S: z.coerce.number().int().min(0).max(600).default(30),
  TRIPGRID_JWT_SCOPE_CLAIM: z.string().min(1).default("scope"),
  TRIPGRID_TOKEN_MINUTES: z.coerce.number().min(0.05).max(1440).default(15),
  TRIPGRID_REFRESH_DAYS: z.coerce.number().min(0.001).max(3650).default(30),
  TRIPGRID_MAX_BAD_CREDENTIALS: z.coerce.number().int().min(1).max(1_000_000).default(100),
  TRIPGRID_MAX_FAILED_LOGINS: z.coerce.number().int().min(1).max(1000).default(10),
  TRIPGRID_MAX_FAILED_LOGINS_OF_ADDRESS: z.coerce.number().int().min(1).max(1_000_000).default(30),
};

type Read = z.output<z.ZodObject<typeof authSettings>>;

export interface AuthSettings {
  /** If no credential is set up, the service makes a key with all scopes at its start and writes it to this file. */
  firstKeyFile: string | undefined;
  /** The credential that commands send to a running service. */
  apiKey: string | undefined;
  /** Where the public keys of the issuer are. */
  jwksUrl: string | undefined;
  /** The secret that is shared with the issuer. Only one of both is set. */
  jwtSecret: string | undefined;
  jwtIssuer: string | undefined;
  jwtAudience: string | undefined;
  /** The algorithms that a token may be signed with. */
  jwtAlgorithms: readonly string[];
  /** The difference of clocks that is allowed. */
  jwtSkewS: number;
  /** The claim with the scopes, a text or a list; dots lead into objects, as in `realm_access.roles`. */
  jwtScopeClaim: string;
  /** How long a token of a user is valid, and how long it can be renewed without the password. */
  tokenMinutes: number;
  refreshDays: number;
  /** How many bad credentials an address may show a minute. */
  maxBadCredentials: number;
  /** How many logins may fail in a quarter of an hour: of one user, and of one address. */
  maxFailedLogins: number;
  maxFailedLoginsOfAddress: number;
}

export function authSettingsFrom(s: Read): AuthSettings {
  return {
    firstKeyFile: s.TRIPGRID_FIRST_KEY_FILE,
    apiKey: s.TRIPGRID_API_KEY,
    jwksUrl: s.TRIPGRID_JWKS_URL,
    jwtSecret: s.TRIPGRID_JWT_SECRET,
    jwtIssuer: s.TRIPGRID_JWT_ISSUER,
    jwtAudience: s.TRIPGRID_JWT_AUDIENCE,
    jwtAlgorithms:
      s.TRIPGRID_JWT_ALGORITHMS ?? (s.TRIPGRID_JWT_SECRET ? ["HS256"] : ["RS256", "PS256", "ES256", "EdDSA"]),
    jwtSkewS: s.TRIPGRID_JWT_SKEW_S,
    jwtScopeClaim: s.TRIPGRID_JWT_SCOPE_CLAIM,
    tokenMinutes: s.TRIPGRID_TOKEN_MINUTES,
    refreshDays: s.TRIPGRID_REFRESH_DAYS,
    maxBadCredentials: s.TRIPGRID_MAX_BAD_CREDENTIALS,
    maxFailedLogins: s.TRIPGRID_MAX_FAILED_LOGINS,
    maxFailedLoginsOfAddress: s.TRIPGRID_MAX_FAILED_LOGINS_OF_ADDRESS,
  };
}

/** What is wrong with these settings together, each fault with the name of a setting. */
export function authFaults(s: Partial<Read>): string[] {
  const faults: string[] = [];
  const { TRIPGRID_JWKS_URL: url, TRIPGRID_JWT_SECRET: secret, TRIPGRID_JWT_ALGORITHMS: algorithms } = s;
  if (url && secret) faults.push("TRIPGRID_JWT_SECRET: set either this or TRIPGRID_JWKS_URL");
  for (const name of ["TRIPGRID_JWT_ISSUER", "TRIPGRID_JWT_AUDIENCE"] as const) {
    if ((url || secret) && !s[name]) faults.push(`${name}: tokens are accepted from one issuer and for one audience`);
  }
  // If public keys could be the secret of an HMAC, everybody could sign.
  const foreign = algorithms?.filter((name) => SYMMETRIC.some((known) => known === name) !== (secret !== undefined));
  if (foreign && foreign.length > 0) {
    const allowed = secret ? SYMMETRIC : ASYMMETRIC;
    faults.push(`TRIPGRID_JWT_ALGORITHMS: expected some of ${allowed.join(", ")} with these keys`);
  }
  return faults;
}
