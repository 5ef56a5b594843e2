import { existsSync } from "node:fs";
import { delimiter, join } from "node:path";

/** Why the tests of a broker cannot run here. Undefined: they can. */
export const lacksNats = (): string | undefined =>
  onPath("nats-server") ? undefined : "nats-server is not installed (Debian: nats-server)";

export const lacksKafka = (): string | undefined =>
  !onPath("cc")
    ? "a C compiler is not installed (Debian: gcc)"
    : !existsSync("/usr/include/librdkafka/rdkafka_mock.h")
      ? "librdkafka's headers are not installed (Debian: librdkafka-dev)"
      : !onPath("kcat")
        ? "kcat is not installed (Debian: kcat)"
        : undefined;

const onPath = (program: string): boolean =>
  (process.env.PATH ?? "").split(delimiter).some((folder) => existsSync(join(folder, program)));

/**
 * The brokers that this machine lacks, each with the reason.
 *
 * @throws if `TRIPGRID_TEST_REQUIRE` names one of them
 */
export function missingBrokers(env: Record<string, string | undefined>): { broker: string; reason: string }[] {
  const all = { nats: lacksNats(), kafka: lacksKafka() };
  const missing = Object.entries(all).flatMap(([broker, reason]) => (reason === undefined ? [] : [{ broker, reason }]));
  const required = (env.TRIPGRID_TEST_REQUIRE ?? "").split(",").map((name) => name.trim());
  for (const { broker, reason } of missing) {
    if (required.includes(broker)) throw new Error(`TRIPGRID_TEST_REQUIRE names ${broker}, but ${reason}.`);
  }
  return missing;
}
