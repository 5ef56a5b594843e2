import { join } from "node:path";
import { PROJECT_DIR } from "../kit/project.ts";
import type { Wiring } from "../wiring.ts";
import { readExplorer } from "./built-files.ts";

export const wireExplorer = ({ config }: Wiring) => ({
  explorer: readExplorer(join(PROJECT_DIR, "dist", "web"), config),
});
