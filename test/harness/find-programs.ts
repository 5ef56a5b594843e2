import { existsSync } from "node:fs";
import { delimiter, join } from "node:path";

/** Why the tests with a program cannot run here. Undefined: they can. */
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

/** The browsers that the tests of the explorer can use. */
const BROWSERS = ["/usr/bin/chromium", "/usr/bin/chromium-browser", "/usr/bin/google-chrome"];

/** The browser of this machine. Undefined: there is none. */
export const browserPath = (): string | undefined => BROWSERS.find((path) => existsSync(path));

export const lacksChromium = (): string | undefined =>
  browserPath() === undefined ? "chromium is not installed (Debian: chromium)" : undefined;

const onPath = (program: string): boolean =>
  (process.env.PATH ?? "").split(delimiter).some((folder) => existsSync(join(folder, program)));

/** What `TRIPGRID_TEST_REQUIRE` may name besides engines, each with the reason why it is missing. */
const PROGRAMS = { nats: lacksNats, kafka: lacksKafka, chromium: lacksChromium };
export const PROGRAM_NAMES: ReadonlySet<string> = new Set(Object.keys(PROGRAMS));

/**
 * The programs that this machine lacks, each with the reason.
 *
 * @throws if `TRIPGRID_TEST_REQUIRE` names one of them
 */
export function missingPrograms(env: Record<string, string | undefined>): { program: string; reason: string }[] {
  const missing = Object.entries(PROGRAMS).flatMap(([program, lacks]) => {
    const reason = lacks();
    return reason === undefined ? [] : [{ program, reason }];
  });
  const required = (env.TRIPGRID_TEST_REQUIRE ?? "").split(",").map((name) => name.trim());
  for (const { program, reason } of missing) {
    if (required.includes(program)) throw new Error(`TRIPGRID_TEST_REQUIRE names ${program}, but ${reason}.`);
  }
  return missing;
}
