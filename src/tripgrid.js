#!/usr/bin/env node
// The command `tripgrid`: plain JavaScript, since what runs TypeScript has to be loaded first.

const run = async () => {
  try {
    const { register } = await import("tsx/esm/api");
    register();
  } catch (error) {
    if (/** @type {{ code?: string }} */ (error).code !== "ERR_MODULE_NOT_FOUND") throw error;
    process.stderr.write("tripgrid: its packages are not installed yet; run npm ci in its folder first.\n");
    process.exit(1);
  }
  await import("./cli.ts");
};

await run();
