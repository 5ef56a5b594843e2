import { parseArgs } from "node:util";
import { digits } from "../lib/figures.ts";
import { saveResult, versionsOf } from "../lib/save.ts";
import { openTarget } from "../lib/target.ts";
import { ask, askAll } from "./area-ask.ts";
import { withBruteForce } from "./area-brute-force.ts";
import { type AreaDatabase, openAreaDatabase } from "./area-database.ts";
import { openDuckDb } from "./area-duckdb.ts";
import { fill } from "./area-fill.ts";
import { askFiltered } from "./area-filters.ts";
import { makeQuestions } from "./area-questions.ts";
import { type Asked, reportKinds, summarise } from "./area-summary.ts";

/**
 * How long does an area take, exactly and as an estimate, beside PostGIS by itself and DuckDB over the same trips? The last
 * line is the answer as JSON.
 */
export async function run(args: string[]): Promise<void> {
  const options = readOptions(args);
  const target = await openTarget(options.engine, process.env.DATABASE_URL || undefined);
  try {
    const db = await openAreaDatabase(target);
    try {
      await measure(db, options);
    } finally {
      await db.stop();
    }
  } finally {
    target.stop();
  }
}

const ROUNDS = 3;
/** Up to here brute force is asked everything, with its index; beyond, that would take hours. */
const ALL_BY_BRUTE_FORCE = 10_000_000;
const SAMPLE = 12;
const print = (line: string) => process.stdout.write(`${line}\n`);

async function measure(db: AreaDatabase, { trips, save, gist, bruteForce }: Options): Promise<void> {
  const versions = await versionsOf(db.sql);
  print(versionLine(versions));
  const filled = await fill(db, trips, print);
  const questions = makeQuestions();

  print(`${questions.length} questions, each once to warm up and in ${ROUNDS} rounds`);
  const exact = await askAll(questions, ROUNDS, (question) => ask(db.sql, question, "exact"));
  const estimate = await askAll(questions, ROUNDS, (question) => ask(db.sql, question, "estimate"));
  const asked: Asked[] = questions.map((question, i) => {
    return { question, exact: exact[i] as Asked["exact"], estimate: estimate[i] as Asked["estimate"] };
  });

  const filtered = await askFiltered(db.sql, questions, 1);

  const duck = await openDuckDb(db);
  print(`DuckDB ${duck.version} took up the trips in ${duck.loadSeconds.toFixed(1)} s`);
  const boxes = asked.filter(({ question }) => question.box);
  const byDuck = await askAll(boxes, ROUNDS, ({ question }) => duck.ask(question));
  duck.stop();
  for (const [i, one] of boxes.entries()) one.duckdb = byDuck[i];

  const sample = spread(asked, bruteForce);
  const gistSeconds = await withBruteForce(db, gist && sample.length > 0, sample, async (ask, seconds) => {
    print(
      `PostGIS brute force asked ${sample.length} questions, ${seconds === null ? "without" : "with"} a GiST index`,
    );
    const byPostgis = await askAll(sample, trips > ALL_BY_BRUTE_FORCE ? 0 : 1, ({ question }) => ask(question));
    for (const [i, one] of sample.entries()) one.postgis = byPostgis[i];
    return seconds;
  });

  const { answer, more } = summarise(asked, { engine: db.engine, trips });
  const all = { ...answer, ...more, ...filtered.figures, ...filled };
  const how = {
    duckdb_load_s: digits(duck.loadSeconds, 3),
    postgis_questions: sample.length,
    gist_build_s: gistSeconds === null ? null : digits(gistSeconds, 3),
  };
  print(`\n${reportKinds(asked)}\n\n${filtered.report}`);
  for (const [name, value] of Object.entries({ ...more, ...filtered.figures, ...filled, ...how }))
    print(`${name.replaceAll("_", " ")}: ${value}`);
  if (save) {
    const name = `areas-${db.engine}-${trips}`;
    print(`saved: ${saveResult(name, { ...versions, duckdb: duck.version }, { ...all, ...how })}`);
  }
  print(JSON.stringify(all));
}

const versionLine = (versions: Record<string, string>) =>
  Object.entries(versions)
    .map(([name, version]) => `${name} ${version}`)
    .join(", ");

/** So many of all, evenly spread. */
function spread<T>(all: readonly T[], count: number): T[] {
  const taken = Math.min(count, all.length);
  return Array.from({ length: taken }, (_, i) => all[Math.floor(((i + 0.5) * all.length) / taken)] as T);
}

type Options = ReturnType<typeof readOptions>;

function readOptions(args: string[]) {
  const { values } = parseArgs({
    args,
    options: {
      engine: { type: "string" },
      trips: { type: "string", default: "200000" },
      save: { type: "boolean", default: false },
      gist: { type: "boolean", default: false },
      "brute-force": { type: "string" },
    },
  });
  const trips = Number(values.trips);
  if (!Number.isSafeInteger(trips) || trips < 1000) throw new RangeError("--trips: expected a whole number from 1000");
  const isSmall = trips <= ALL_BY_BRUTE_FORCE;
  const bruteForce = Number(values["brute-force"] ?? (isSmall ? Number.MAX_SAFE_INTEGER : SAMPLE));
  if (!Number.isSafeInteger(bruteForce) || bruteForce < 0)
    throw new RangeError("--brute-force: expected a whole number");
  return { ...values, trips, bruteForce, gist: values.gist || isSmall };
}
