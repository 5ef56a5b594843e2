import { stat } from "node:fs/promises";
import { basename, resolve } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { parseArgs } from "node:util";
import { type Config, readConfig } from "../config.ts";
import { AppError, StartError } from "../errors.ts";
import { contentTypeOf, FILE_KINDS, type Import, type ImportOptions } from "../imports/imports.ts";
import { IDENTITIES } from "../trips/identity.ts";
import { suggestForFile, trialLines } from "./mapping-suggest.ts";
import { ownTarget } from "./own-service.ts";
import { count, type Progress, showProgress } from "./progress.ts";
import { configuredUrl, isTripgrid, runningService } from "./running-service.ts";
import { saveMapping } from "./save-mapping.ts";
import { TakeError, type Target } from "./target.ts";
import { UsageError } from "./usage-error.ts";

const LOOK_EVERY_MS = 500;
/** How long the command waits for a silent service. A service that restarts meanwhile resumes the import. */
const PATIENCE_MS = 60_000;
const REJECTS_SHOWN = 3;

/**
 * `tripgrid import [--mapping NAME | --suggest NAME] [--source NAME] [--identity row] [--charset NAME] [--sheet NAME]
 * [--again] [--url URL] FILE…`.
 *
 * @returns the exit status: 0 if all files are imported, now or earlier
 */
export async function importFiles(args: string[]): Promise<number> {
  const { files, url, suggest, ...given } = argumentsOf(args);
  const options = suggest === undefined ? given : { ...given, mapping: await suggested(suggest, files, given, url) };
  const config = readConfig();
  const target = await findTarget(config, url);
  const interrupted = new AbortController();
  let isStopping = false;
  const onSignal = (signal: NodeJS.Signals) => {
    const status = signal === "SIGINT" ? 130 : 143;
    if (isStopping) process.exit(status);
    isStopping = true;
    interrupted.abort();
    target.stop().then(
      () => {
        process.stderr.write(`${target.partingWords()}\n`);
        process.exit(status);
      },
      () => process.exit(status),
    );
  };
  process.on("SIGINT", onSignal).on("SIGTERM", onSignal);
  let failures = 0;
  for (const file of files) {
    if (!(await importOne(target, file, options, interrupted.signal))) failures++;
  }
  await target.stop();
  return failures === 0 ? 0 : 1;
}

/** Proposes a mapping for the first file, and stores it for all of them. */
async function suggested(
  name: string,
  [file = ""]: string[],
  options: ImportOptions,
  url: string | undefined,
): Promise<string> {
  const found = await suggestForFile(file, options);
  for (const line of [...found.notes, ...trialLines(found)]) process.stderr.write(`${line}\n`);
  if (!found.trial?.trips) throw new StartError(`${file}: no mapping was found that makes trips of its rows.`);
  await saveMapping(name, found.mapping, url);
  return name;
}

interface Arguments extends ImportOptions {
  files: string[];
  url: string | undefined;
  /** The name under which a proposed mapping is stored and used. */
  suggest: string | undefined;
}

function argumentsOf(args: string[]): Arguments {
  try {
    const { values, positionals } = parseArgs({
      args,
      allowPositionals: true,
      options: {
        ...{ mapping: { type: "string" }, suggest: { type: "string" }, source: { type: "string" } },
        ...{ identity: { type: "string" }, charset: { type: "string" }, sheet: { type: "string" } },
        ...{ again: { type: "boolean", default: false }, url: { type: "string" } },
      },
    });
    if (positionals.length === 0) throw new UsageError("import: expected at least one FILE");
    if (values.url !== undefined && !(URL.canParse(values.url) && /^https?:/i.test(values.url))) {
      throw new UsageError(`import: --url: expected an address such as http://127.0.0.1:8080, but got ${values.url}`);
    }
    const { mapping, suggest, source, identity, charset, sheet, again } = values;
    if (mapping !== undefined && suggest !== undefined) {
      throw new UsageError("import: --mapping names a mapping that is stored, --suggest one that is to be; give one");
    }
    const known = IDENTITIES.find((one) => one === identity);
    if (identity !== undefined && !known) throw new UsageError("import: --identity: expected content or row");
    const url = values.url?.replace(/\/+$/, "");
    return { files: positionals, mapping, suggest, source, identity: known, charset, sheet, again, url };
  } catch (error) {
    throw error instanceof UsageError ? error : new UsageError(`import: ${(error as Error).message}`);
  }
}

/** Finds the service at the given address, or at the configured address, or else starts one in this process. */
async function findTarget(config: Config, url: string | undefined): Promise<Target> {
  if (url !== undefined) {
    if (await isTripgrid(url)) return runningService(url, undefined, config.apiKey);
    throw new StartError(`No Tripgrid service answers at ${url}.`);
  }
  const configured = configuredUrl(config);
  if (configured && (await isTripgrid(configured))) {
    return runningService(configured, config.inboxFolder, config.apiKey);
  }
  return ownTarget(config);
}

/** @returns whether the file is imported */
async function importOne(target: Target, file: string, options: ImportOptions, signal: AbortSignal): Promise<boolean> {
  const path = resolve(file);
  let progress: Progress | undefined;
  try {
    progress = showProgress(basename(path), await sizeOf(path), process.stderr);
    signal.addEventListener("abort", () => progress?.stop());
    const onSent = (bytes: number) => signal.aborted || progress?.sent(bytes);
    const taken = await target.take(path, options, onSent);
    let isDone = true;
    for (const one of taken.members ?? [taken]) {
      const done = await follow(target, one, progress, signal);
      progress.stop();
      isDone =
        (await report(target, taken.members ? `${file}/${one.file.split("/").slice(1).join("/")}` : file, done)) &&
        isDone;
    }
    return isDone;
  } catch (error) {
    progress?.stop();
    // The signal handler prints the message and exits.
    if (signal.aborted) return new Promise(() => {});
    const isOurs = error instanceof AppError || error instanceof TakeError;
    process.stderr.write(`${file}: ${isOurs ? error.message : (error as Error).stack}\n`);
    return false;
  }
}

async function sizeOf(path: string): Promise<number> {
  const found = await stat(path).catch((error: Error & { code?: string }) => {
    throw new TakeError(error.code === "ENOENT" ? "there is no such file" : `it cannot be read: ${error.message}`);
  });
  if (!found.isFile()) throw new TakeError("it is not a file");
  if (contentTypeOf(path) === undefined) throw new TakeError(`expected a name that ends with ${FILE_KINDS}`);
  return found.size;
}

/** Polls an import until it has ended. */
async function follow(target: Target, taken: Import, progress: Progress, signal: AbortSignal): Promise<Import> {
  let one = taken;
  let lastSeen = performance.now();
  for (let wait = 50; one.state === "queued" || one.state === "running"; wait = Math.min(wait * 2, LOOK_EVERY_MS)) {
    progress.update(one);
    await sleep(wait, undefined, { signal });
    try {
      one = (await target.findImport(one.import_id)) ?? one;
      lastSeen = performance.now();
    } catch (error) {
      if (performance.now() - lastSeen < PATIENCE_MS) continue;
      throw new TakeError(`the service does not answer any more: ${(error as Error).message}`);
    }
  }
  progress.update(one);
  return one;
}

/** @returns whether the file is imported */
async function report(target: Target, file: string, one: Import): Promise<boolean> {
  const { rows, inserted, duplicates, rejected } = one;
  const numbers = `${count(rows)} rows: ${count(inserted)} inserted, ${count(duplicates)} duplicates, ${count(rejected)} rejected`;
  if (one.state === "failed") {
    const stored = rows > 0 ? ` Before that, ${numbers}.` : "";
    process.stderr.write(`${file}: failed: ${one.error?.detail ?? "for an unknown reason."}${stored}\n`);
    if (one.error?.code === "no_mapping") {
      process.stderr.write(
        `${file}: tripgrid import --suggest NAME ${file} proposes a mapping, stores it and imports the file\n`,
      );
    }
    return false;
  }
  const how = one.already_imported
    ? `already imported (--again does it all the same); of its ${numbers}`
    : `${numbers}; ${count(one.rows_per_second)} rows/s`;
  process.stdout.write(`${file}: ${how}\n`);
  if (rejected > 0) await reportRejects(target, one.batch_id, rejected);
  if (inserted + duplicates > 0) return true;
  process.stderr.write(`${file}: ${rows === 0 ? "it holds no rows" : "no row of it is a trip"}\n`);
  return false;
}

async function reportRejects(target: Target, batchId: string, rejected: number): Promise<void> {
  const receipt = await target.findBatch(batchId).catch(() => undefined);
  for (const { row, field, detail } of receipt?.rejects.slice(0, REJECTS_SHOWN) ?? []) {
    process.stdout.write(`  row ${row}: ${field}: ${detail}\n`);
  }
  if (rejected > REJECTS_SHOWN) process.stdout.write("  …\n");
  process.stdout.write(`  the rejected rows, to be mended: ${target.rejectsAt(batchId)}\n`);
}
