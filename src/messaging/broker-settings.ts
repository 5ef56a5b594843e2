import { z } from "zod";

/** The settings of the broker, as `config.ts` reads them and `.env.example` lists them. */
export const BROKER_SETTINGS = {
  TRIPGRID_BROKER_URL: z
    .string()
    .regex(
      /^(kafka|nats):\/\/[^\s/,@]+(,[^\s/,@]+)*\/?$/,
      "expected kafka://HOST:PORT or nats://HOST:PORT, further hosts after commas; the user is in TRIPGRID_BROKER_USER and TRIPGRID_BROKER_PASSWORD",
    )
    .optional(),
  TRIPGRID_BROKER_GROUP: z
    .string()
    .regex(/^[A-Za-z0-9_-]{1,100}$/, "expected letters, digits, _ and -")
    .default("tripgrid"),
  TRIPGRID_BROKER_USER: z.string().min(1).optional(),
  TRIPGRID_BROKER_PASSWORD: z.string().min(1).optional(),
  TRIPGRID_BROKER_SASL: z.enum(["plain", "scram-sha-256", "scram-sha-512"]).default("scram-sha-512"),
  TRIPGRID_BROKER_CREDENTIALS_FILE: z.string().min(1).optional(),
  TRIPGRID_BROKER_TLS: z.enum(["true", "false"]).default("false"),
  TRIPGRID_BROKER_CA_FILE: z.string().min(1).optional(),
  TRIPGRID_BROKER_CERT_FILE: z.string().min(1).optional(),
  TRIPGRID_BROKER_KEY_FILE: z.string().min(1).optional(),
  TRIPGRID_BROKER_PARTITIONS: z.coerce.number().int().min(1).max(256).default(1),
  TRIPGRID_TRIPS_TOPIC: z
    .string()
    .regex(/^[A-Za-z0-9._-]{1,200}$/, "expected letters, digits, ., _ and -")
    .optional(),
  TRIPGRID_TRIPS_MAPPING: z.string().min(1).max(200).optional(),
} as const;

/** How to reach the broker. */
export interface BrokerSettings {
  kind: "kafka" | "nats";
  /** `host:port` of the servers. */
  urls: string[];
  /** The processes of one group share the partitions of a topic. */
  group: string;
  user: string | undefined;
  password: string | undefined;
  /** How Kafka checks the user. */
  sasl: "plain" | "scram-sha-256" | "scram-sha-512";
  /** A credentials file of NATS. */
  credentialsFile: string | undefined;
  /** Undefined: without TLS. The members are paths of PEM files. */
  tls: { caFile: string | undefined; certFile: string | undefined; keyFile: string | undefined } | undefined;
  /** How many partitions a topic has on NATS. Kafka knows it itself. */
  partitions: number;
}

/** The settings of the broker as members of `Config`. */
export interface BrokerConfig {
  /** `kafka://…` or `nats://…`. Undefined: there is no broker. */
  brokerUrl: string | undefined;
  /** The processes of one group share the partitions of a topic. */
  brokerGroup: string;
  brokerUser: string | undefined;
  brokerPassword: string | undefined;
  brokerSasl: BrokerSettings["sasl"];
  brokerCredentialsFile: string | undefined;
  brokerTls: boolean;
  brokerCaFile: string | undefined;
  brokerCertFile: string | undefined;
  brokerKeyFile: string | undefined;
  brokerPartitions: number;
  /** The topic that brings trips. Undefined: none does. */
  tripsTopic: string | undefined;
  /** The name of the mapping of its messages. Undefined: it is recognised. */
  tripsMapping: string | undefined;
}

export const brokerConfig = (s: z.infer<z.ZodObject<typeof BROKER_SETTINGS>>): BrokerConfig => ({
  brokerUrl: s.TRIPGRID_BROKER_URL,
  brokerGroup: s.TRIPGRID_BROKER_GROUP,
  brokerUser: s.TRIPGRID_BROKER_USER,
  brokerPassword: s.TRIPGRID_BROKER_PASSWORD,
  brokerSasl: s.TRIPGRID_BROKER_SASL,
  brokerCredentialsFile: s.TRIPGRID_BROKER_CREDENTIALS_FILE,
  brokerTls: s.TRIPGRID_BROKER_TLS === "true",
  brokerCaFile: s.TRIPGRID_BROKER_CA_FILE,
  brokerCertFile: s.TRIPGRID_BROKER_CERT_FILE,
  brokerKeyFile: s.TRIPGRID_BROKER_KEY_FILE,
  brokerPartitions: s.TRIPGRID_BROKER_PARTITIONS,
  tripsTopic: s.TRIPGRID_TRIPS_TOPIC,
  tripsMapping: s.TRIPGRID_TRIPS_MAPPING,
});

/** How to reach the broker. Undefined: there is none. */
export function brokerSettings(config: BrokerConfig): BrokerSettings | undefined {
  const [, kind, hosts] = /^(kafka|nats):\/\/([^/]+)/.exec(config.brokerUrl ?? "") ?? [];
  if (kind === undefined || hosts === undefined) return undefined;
  const { brokerCaFile: caFile, brokerCertFile: certFile, brokerKeyFile: keyFile } = config;
  const port = kind === "kafka" ? 9092 : 4222;
  return {
    kind: kind as BrokerSettings["kind"],
    urls: hosts.split(",").map((host) => (/:\d+$/.test(host) ? host : `${host}:${port}`)),
    group: config.brokerGroup,
    user: config.brokerUser,
    password: config.brokerPassword,
    sasl: config.brokerSasl,
    credentialsFile: config.brokerCredentialsFile,
    tls: config.brokerTls ? { caFile, certFile, keyFile } : undefined,
    partitions: config.brokerPartitions,
  };
}
