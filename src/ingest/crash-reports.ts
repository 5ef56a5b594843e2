import { existsSync, mkdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";

/**
 * Distinguishes processes that ended by their own fault from those that were ended from outside, such as by kill -9 or
 * a power loss.
 */
export interface LastWords {
  /** Whether a process left a record that it ended by its own fault. */
  hasCrashed(processId: string): boolean;
  /** Leaves a record that this process ends by its own fault. */
  leave(): void;
}

/**
 * Makes Node write a report when a fatal error ends this process, such as a full heap. No code of ours runs then, so
 * the report itself is the record.
 *
 * @param folder where processes of one database leave their records; a process that cannot see it knows of no crash
 */
export function prepareLastWords(folder: string, processId: string): LastWords {
  const fileOf = (id: string) => join(folder, `${id}.json`);
  try {
    mkdirSync(folder, { recursive: true });
  } catch {
    // Without a folder no crash is known, and every death counts as little as the death of a killed process.
  }
  if (process.report) {
    process.report.reportOnFatalError = true;
    process.report.directory = folder;
    process.report.filename = `${processId}.json`;
    process.report.compact = true;
  }
  return {
    hasCrashed: (id) => /^[\w-]+$/.test(id) && existsSync(fileOf(id)),
    leave: () => {
      try {
        writeFileSync(fileOf(processId), "{}");
      } catch {
        // A folder that cannot be written to keeps no record. At this point no log and no reply can say so.
      }
    },
  };
}
