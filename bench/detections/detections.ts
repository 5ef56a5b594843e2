import { parseArgs } from "node:util";
import { createClient } from "../../src/database/client.ts";
import { STATS_BY } from "../../src/detections/detections.ts";
import { digits, median, table } from "../lib/figures.ts";
import { saveResult, versionsOf } from "../lib/save.ts";
import { startBenchService } from "../lib/service.ts";
import { openTarget } from "../lib/target.ts";
import { type DetectionsFilled, fillDetections, LAST_DAY } from "./detection-fill.ts";

/**
 * How long do counts and pages of detections take over HTTP, where there are millions? The last line is the answer as
 * JSON.
 */
export async function run(args: string[]): Promise<void> {
  const options = readOptions(args);
  const target = await openTarget(options.engine, process.env.DATABASE_URL || undefined);
  try {
    const filled = await fillDetections(
      target,
      options.detections,
      { seconds: options.fill, withIndexes: !options["counts-only"] },
      print,
    );
    if (!filled) print("not all are stored yet: run it again");
    if (!filled || options.fill !== Number.POSITIVE_INFINITY) return;
    const service = await startBenchService(target.env, undefined);
    try {
      await answer(service.url, target.url, filled, options);
    } finally {
      await service.stop();
    }
  } finally {
    target.stop();
  }
}

const RUNS = 21;
const print = (line: string) => process.stdout.write(`${line}\n`);

interface Question {
  name: string;
  path: string;
}

const MONTH = "from=2025-03-01&to=2025-03-31";
const STATS: Question[] = [
  ...STATS_BY.map((by) => ({ name: `by ${by}`, path: `/v1/detections/stats?by=${by}` })),
  ...STATS_BY.map((by) => ({ name: `by ${by}, one month`, path: `/v1/detections/stats?by=${by}&${MONTH}` })),
];
const DAY = `from=${LAST_DAY}&to=${LAST_DAY}`;
const LISTS: Question[] = [
  { name: "newest", path: "/v1/detections?limit=100" },
  { name: "newest, after 100,000 others", path: "/v1/detections?limit=100&skip=100000" },
  { name: "one make", path: "/v1/detections?limit=100&make=Make%207" },
  { name: "one make, one month", path: `/v1/detections?limit=100&make=Make%207&${MONTH}` },
  { name: "one camera, one month", path: `/v1/detections?limit=100&camera=Camera%2017&${MONTH}` },
  { name: "one category, one day", path: `/v1/detections?limit=100&category=SUV&${DAY}` },
  { name: "one day", path: `/v1/detections?limit=100&${DAY}` },
];

async function answer(url: string, databaseUrl: string, filled: DetectionsFilled, options: Options): Promise<void> {
  const sql = createClient({ url: databaseUrl }, { max: 1 });
  const versions = await versionsOf(sql).finally(() => sql.end({ timeout: 5 }));
  const stats = await askAll(url, STATS);
  const lists = options["counts-only"] ? [] : await askAll(url, LISTS);
  print(
    table(
      ["", "p50 ms", "max ms"],
      [...stats, ...lists].map(({ name, p50_ms, max_ms }) => [name, p50_ms, max_ms]),
      1,
    ),
  );
  const result = {
    bench: "detections",
    engine: versions.engine,
    detections: options.detections,
    ...filled,
    stats,
    lists,
  };
  if (options.save) {
    print(`saved: ${saveResult(`detections-${versions.engine}-${options.detections}`, versions, result)}`);
  }
  print(JSON.stringify(result));
}

/** Each question in turn, so that none profits from its own run before. */
async function askAll(url: string, questions: readonly Question[]) {
  const times = questions.map((): number[] => []);
  for (let run = 0; run <= RUNS; run++) {
    for (const [i, { path }] of questions.entries()) {
      const began = performance.now();
      const reply = await fetch(url + path);
      const text = await reply.text();
      if (!reply.ok) throw new Error(`${path}: ${text}`);
      // The first round warms up.
      if (run > 0) times[i]?.push(performance.now() - began);
    }
  }
  return questions.map(({ name }, i) => {
    const of = times[i] ?? [];
    return { name, p50_ms: digits(median(of), 3), max_ms: digits(Math.max(...of), 3) };
  });
}

type Options = ReturnType<typeof readOptions>;

function readOptions(args: string[]) {
  const { values } = parseArgs({
    args,
    options: {
      engine: { type: "string" },
      detections: { type: "string", default: "1000000" },
      "fill-only": { type: "string" },
      "counts-only": { type: "boolean", default: false },
      save: { type: "boolean", default: false },
    },
  });
  const detections = Number(values.detections);
  if (!Number.isSafeInteger(detections) || detections < 1000) {
    throw new RangeError("--detections: expected a number from 1000");
  }
  const fill = Number(values["fill-only"] ?? Number.POSITIVE_INFINITY);
  if (!(fill > 0)) throw new RangeError("--fill-only: expected how many seconds");
  return { ...values, detections, fill };
}
