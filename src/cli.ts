import { UsageError } from "./cli/usage-error.ts";
import { StartError } from "./errors.ts";

const HELP = `Tripgrid takes in trips, and answers how many trips a week, on average, any area sees.

  tripgrid start [--demo [--trips N]]     runs the service
  tripgrid import [--mapping NAME] [--again] [--url URL] FILE…
                                          imports CSV, NDJSON or JSON files, also gzipped
  tripgrid mapping suggest FILE [--source NAME]
                                          writes the mapping that a foreign file is likely to need
  tripgrid rollups status|refresh|rebuild [--url URL]
                                          how far the rollups are behind the trips; takes up what is missing
                                          now; counts every week anew

import and rollups ask the service that runs, at --url or at HOST and PORT of the settings; if none does, they
start one for as long as it takes. An import that was stopped in the middle is gone on with by the same command.
  --mapping NAME   how rows become trips; without it their fields tell
  --again          also what was imported before

Status: 0 all files are imported, now or before; 1 something failed; 2 the command was not understood.
Settings are environment variables; .env.example lists them.
`;

/** The command line: one verb, then what belongs to it. Only what a verb needs is loaded. */
async function main([verb, ...args]: string[]): Promise<number> {
  const write = (text: string) => process.stdout.write(text);
  switch (verb) {
    case "import":
      return (await import("./cli/import.ts")).importFiles(args);
    case "mapping":
      if (args[0] !== "suggest") throw new UsageError(`mapping: expected suggest, but got ${args[0] ?? "nothing"}`);
      await (await import("./cli/mapping-suggest.ts")).mappingSuggest(args.slice(1), write);
      return 0;
    case "rollups":
      return (await import("./cli/rollups.ts")).rollups(args);
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
