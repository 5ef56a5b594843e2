/** All that a test of the conformance or start suite imports. */
export { freePort } from "./cluster.ts";
export {
  asAdmin,
  canStartServers,
  emptyDatabase,
  engine,
  freshDatabase,
  inDatabase,
  ownServer,
  type TestDatabase,
} from "./databases.ts";
export { countFrom, isFull } from "./engines.ts";
export { itInFull } from "./full.ts";
export { type SpawnedService, spawnService } from "./process.ts";
export { NO_REFRESH, startTestService, type TestService, useService } from "./service.ts";
export { sharedData } from "./shared-data.ts";
