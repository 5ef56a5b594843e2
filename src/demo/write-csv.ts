import { parseArgs } from "node:util";
import { writeCsv } from "./csv.ts";
import { generateTrips } from "./generate.ts";

/** `npm run demo-csv -- FILE --trips N [--seed S] [--weeks W] [--from MONDAY]`: made-up trips for load tests. */
const USAGE = "usage: npm run demo-csv -- FILE --trips N [--seed 1] [--weeks 52] [--from 2025-01-06]";

try {
  const { values, positionals } = parseArgs({
    allowPositionals: true,
    options: {
      trips: { type: "string" },
      seed: { type: "string", default: "1" },
      weeks: { type: "string", default: "52" },
      from: { type: "string", default: "2025-01-06" },
    },
  });
  const [file, ...rest] = positionals;
  if (!file || values.trips === undefined || rest.length > 0) throw new RangeError(USAGE);
  const { from } = values;
  const options = { from, trips: Number(values.trips), seed: Number(values.seed), weeks: Number(values.weeks) };
  const { trips, bytes } = await writeCsv(file, generateTrips(options));
  process.stdout.write(`${file}: ${trips} trips, ${bytes} bytes\n`);
} catch (error) {
  process.stderr.write(`${(error as Error).message}\n`);
  process.exit(1);
}
