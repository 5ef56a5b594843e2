import { UsageError } from "./cli/usage-error.ts";
import { StartError } from "./errors.ts";

const HELP = `Tripgrid takes in trips, and answers how many trips a week, on average, any area sees.

  tripgrid start [--demo [--trips N]]     runs the service
  tripgrid import [--mapping NAME | --suggest NAME] [--source NAME] [--identity row] [--charset NAME]
                  [--sheet NAME] [--again] [--url URL] FILE…
                                          imports CSV, NDJSON, JSON or GeoJSON files, also gzipped, ZIP, XLSX
                                          and Parquet
  tripgrid mapping suggest FILE [--source NAME] [--sheet NAME] [--lookup NAME=FILE] [--save NAME] [--url URL]
                                          writes the mapping that a foreign file is likely to need
  tripgrid load --url URL [--key KEY] [--duration 60s] [--rate 200] [--burst 50] [--late 1000] [--source NAME]
                                          posts rides, in bursts too, asks questions meanwhile, and counts what is stored
  tripgrid undo BATCH|IMPORT [--url URL]  takes back what a batch or an import stored
  tripgrid export --weeks 2025-W01..2025-W12 --to DIR [--source NAME] [--region NAME] [--url URL]
                                          writes a GeoParquet file a week, sorted by cell; files that are there stay
  tripgrid rollups status|refresh|rebuild [--url URL]
                                          how far the rollups are behind the trips; takes up what is missing
                                          now; counts every week again
  tripgrid keys add NAME [--scope ingest,read,trips,admin] [--source NAME | --region NAME] [--expires DAY]
                    [--max-requests-per-s N] [--max-rows-per-s N] [--max-mb-per-s N] [--max-questions N]
  tripgrid keys list | revoke ID          API keys: makes one and writes it to the standard output, once; all of
                                          them; ends one
  tripgrid keys generate                  writes a key that is stored nowhere, for TRIPGRID_FIRST_KEY_FILE
  tripgrid users add NAME [--scope …] [--source NAME | --region NAME]
  tripgrid users list | remove NAME       users, who log in at /v1/tokens; the password comes from the standard input

import, undo, export and rollups ask the service that runs, at --url or at HOST and PORT of the settings; if none does, they
start one for as long as it takes. An import that was stopped in the middle is gone on with by the same command.
keys and users change the database of DATABASE_URL, or else do the same. A running service that asks for credentials
gets TRIPGRID_API_KEY.
  --mapping NAME   how rows become trips; without it their fields tell
  --suggest NAME   proposes a mapping for the first file, stores it under this name and uses it
  --source NAME    who reports the trips, for formats that do not say it
  --identity row   rows without an id are different trips even if they are equal
  --again          also what was imported before

Status: 0 all files are imported, now or before; 1 something failed; 2 the command was not understood.
Settings are environment variables; .env.example lists them.
`;

/** The command line: one verb, then its arguments. Each verb loads only the modules that it needs. */
async function main([verb, ...args]: string[]): Promise<number> {
  const write = (text: string) => process.stdout.write(text);
  if (verb !== "start" && args.some((arg) => arg === "--help" || arg === "-h")) {
    write(HELP);
    return 0;
  }
  switch (verb) {
    case "import":
      return (await import("./cli/import.ts")).importFiles(args);
    case "mapping":
      if (args[0] !== "suggest") throw new UsageError(`mapping: expected suggest, but got ${args[0] ?? "nothing"}`);
      await (await import("./cli/mapping-suggest.ts")).mappingSuggest(args.slice(1), write);
      return 0;
    case "load":
      return (await import("./cli/load.ts")).load(args, write);
    case "keys":
      return (await import("./cli/keys.ts")).keys(args, write);
    case "users":
      return (await import("./cli/users.ts")).users(args, write);
    case "export":
      return (await import("./cli/export.ts")).exportWeeks(args);
    case "rollups":
      return (await import("./cli/rollups.ts")).rollups(args);
    case "undo":
      return (await import("./cli/undo.ts")).undo(args);
    case "start":
      // The service reads its own flags, and runs until it is told to stop.
      process.argv.splice(2, 1);
      await import("./main.ts");
      return new Promise(() => {});
    case "help":
    case "--help":
    case "-h":
      write(HELP);
      return 0;
    default:
      throw new UsageError(verb === undefined ? "expected a command" : `there is no command ${verb}`);
  }
}

main(process.argv.slice(2)).then(
  (status) => process.exit(status),
  (error: unknown) => {
    const isUsage = error instanceof UsageError || (error instanceof StartError && error.message.includes("usage:"));
    const hint = error instanceof UsageError ? "; tripgrid --help tells more" : "";
    const isOurs = error instanceof UsageError || error instanceof StartError;
    process.stderr.write(isOurs ? `tripgrid: ${error.message}${hint}\n` : `${(error as Error).stack}\n`);
    process.exit(isUsage ? 2 : 1);
  },
);
