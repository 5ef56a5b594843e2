import { stat } from "node:fs/promises";
import { basename, resolve } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { parseArgs } from "node:util";
import { type Config, readConfig } from "../config.ts";
import { AppError, StartError } from "../errors.ts";
import { contentTypeOf, FILE_KINDS, type Import, type ImportOptions } from "../imports.ts";
import { ownTarget } from "./own-service.ts";
import { count, type Progress, showProgress } from "./progress.ts";
import { configuredUrl, isTripgrid, runningService } from "./running-service.ts";
import { TakeError, type Target } from "./target.ts";
import { UsageError } from "./usage-error.ts";

const LOOK_EVERY_MS = 500;
/** A service that is started anew meanwhile goes on with the import. */
const PATIENCE_MS = 60_000;
const REJECTS_SHOWN = 3;

/**
 * `tripgrid import [--mapping NAME] [--again] [--url URL] FILE…`.
 *
 * @returns the exit status: 0 if all files are imported, now or before
 */
export async function importFiles(args: string[]): Promise<number> {
  const { files, url, ...options } = argumentsOf(args);
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

function argumentsOf(args: string[]): ImportOptions & { files: string[]; url: string | undefined } {
  try {
    const { values, positionals } = parseArgs({
      args,
      allowPositionals: true,
      options: { mapping: { type: "string" }, again: { type: "boolean", default: false }, url: { type: "string" } },
    });
    if (positionals.length === 0) throw new UsageError("import: expected at least one FILE");
    if (values.url !== undefined && !(URL.canParse(values.url) && /^https?:/i.test(values.url))) {
      throw new UsageError(`import: --url: expected an address such as http://127.0.0.1:8080, but got ${values.url}`);
    }
    return { files: positionals, mapping: values.mapping, again: values.again, url: values.url?.replace(/\/+$/, "") };
  } catch (error) {
    throw error instanceof UsageError ? error : new UsageError(`import: ${(error as Error).message}`);
  }
}

/** The service at the address, or the one that the settings lead to, or else one of our own. */
async function findTarget(config: Config, url: string | undefined): Promise<Target> {
  if (url !== undefined) {
    if (await isTripgrid(url)) return runningService(url, undefined);
    throw new StartError(`No Tripgrid service answers at ${url}.`);
  }
  const configured = configuredUrl(config);
  if (configured && (await isTripgrid(configured))) return runningService(configured, config.inboxFolder);
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
    const done = await follow(target, await target.take(path, options, onSent), progress, signal);
    progress.stop();
    return await report(target, file, done);
  } catch (error) {
    progress?.stop();
    // Whoever stopped us knows what follows.
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

/** Looks until there is nothing left to do. */
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
