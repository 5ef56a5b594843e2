import { parseArgs } from "node:util";
import { ENGINES, type Engine } from "../../src/database/engine.ts";
import { saveResult } from "../lib/save.ts";
import { crowd } from "./attack-crowd.ts";
import { faults } from "./attack-faults.ts";
import { openVictim } from "./attack-victim.ts";

/**
 * Does the service stand what its clients and its database may do to it? `crowd`: far more clients than are let in, beside
 * questions as dear as they can be. `faults`: backends killed, the server frozen, the network a black hole, the disk full,
 * and the service itself killed, under load. The last line is the answer as JSON.
 */
export async function run(args: string[]): Promise<void> {
  const options = readOptions(args);
  const result: Record<string, unknown> = { bench: "attacks", engine: options.engine };
  for (const part of options.parts) {
    const victim = await openVictim(options.engine, part === "faults");
    try {
      result[part] = part === "crowd" ? await crowd(victim, options) : await faults(victim, options);
      process.stdout.write(`${part}: ${JSON.stringify(result[part], undefined, 2)}\n`);
    } finally {
      await victim.stop();
    }
    if (options.save) {
      const { bench, engine } = result;
      const saved = saveResult(
        `attacks-${part}-${engine}`,
        { node: process.version },
        { bench, engine, [part]: result[part] },
      );
      process.stdout.write(`saved: ${saved}\n`);
    }
  }
  process.stdout.write(`${JSON.stringify(result)}\n`);
}

const PARTS = ["crowd", "faults"] as const;

export interface AttackOptions {
  /** How long the faults go on. */
  minutes: number;
  /** How long the crowd stays. */
  seconds: number;
  /** How many post at once. */
  clients: number;
  /** How many ask about polygons of 10,000 vertices at once. */
  polygons: number;
  /** Faults that are chosen from; all that this machine allows unless told. */
  kinds: string[] | undefined;
}

function readOptions(args: string[]) {
  const { values } = parseArgs({
    args,
    options: {
      engine: { type: "string", default: "postgres" },
      part: { type: "string" },
      minutes: { type: "string", default: "10" },
      seconds: { type: "string", default: "60" },
      clients: { type: "string", default: "2000" },
      polygons: { type: "string", default: "50" },
      kinds: { type: "string" },
      save: { type: "boolean", default: false },
    },
  });
  const engine = ENGINES.find((one): one is Exclude<Engine, "embedded"> => one === values.engine && one !== "embedded");
  if (!engine) throw new RangeError("--engine: expected postgres or timescaledb");
  const parts = PARTS.filter((part) => values.part === undefined || values.part === part);
  if (parts.length === 0) throw new RangeError(`--part: expected ${PARTS.join(" or ")}`);
  const number = (name: "minutes" | "seconds" | "clients" | "polygons") => {
    const value = Number(values[name]);
    if (!(value >= 0)) throw new RangeError(`--${name}: expected a number`);
    return value;
  };
  return {
    ...{ engine, parts, save: values.save, kinds: values.kinds?.split(",") },
    ...{ minutes: number("minutes"), seconds: number("seconds") },
    ...{ clients: number("clients"), polygons: number("polygons") },
  };
}
