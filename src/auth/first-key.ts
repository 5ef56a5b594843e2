import { mkdir, readFile, rename, writeFile } from "node:fs/promises";
import { dirname, resolve } from "node:path";
import { StartError } from "../errors.ts";
import { isLoopback } from "../kit/loopback.ts";
import { SCOPES } from "../kit/scope.ts";
import type { AddKey, NewKey } from "./credentials.ts";
import { isKey } from "./key-text.ts";

/**
 * Sees to it that a service that other machines reach asks for credentials. If none is set up, it takes the key that a
 * named file holds, or makes one and writes it there.
 *
 * @throws StartError if none is set up, and no file is named for a first key, or the file holds something else
 */
export async function writeFirstKey(
  { host, firstKeyFile }: { host: string; firstKeyFile: string | undefined },
  authenticator: { isRequired(): boolean; refresh(): Promise<void> },
  addKey: AddKey,
  log: { info(message: string): void; warn(message: string): void },
): Promise<void> {
  if (authenticator.isRequired()) return;
  if (firstKeyFile === undefined) {
    if (isLoopback(host)) return;
    throw new StartError(
      `HOST is ${host}, so other machines would reach the service without a credential. Make a key with npx tripgrid keys add, or set TRIPGRID_FIRST_KEY_FILE, TRIPGRID_JWKS_URL or TRIPGRID_JWT_SECRET, or HOST=127.0.0.1.`,
    );
  }
  const file = resolve(firstKeyFile);
  const given = await keyIn(file);
  if (given !== undefined) {
    await addKey({ ...FIRST_KEY, key: given });
    await authenticator.refresh();
    log.info(`the key in ${file} has all scopes`);
    return;
  }
  const { key } = await addKey(FIRST_KEY);
  await mkdir(dirname(file), { recursive: true });
  // The file appears with its whole content, and nobody else can read it at any moment.
  await writeFile(`${file}.new`, `${key}\n`, { mode: 0o600 });
  await rename(`${file}.new`, file);
  await authenticator.refresh();
  log.info(`a first key with all scopes is in ${file}`);
}

/** The key that a file holds, as a mounted secret does. Undefined: there is no such file. */
async function keyIn(file: string): Promise<string | undefined> {
  let text: string;
  try {
    text = await readFile(file, "utf8");
  } catch (error) {
    const { code = "" } = error as { code?: string };
    if (code === "ENOENT") return undefined;
    throw new StartError(`TRIPGRID_FIRST_KEY_FILE: ${file} cannot be read (${code}).`);
  }
  if (isKey(text.trim())) return text.trim();
  throw new StartError(
    `TRIPGRID_FIRST_KEY_FILE: ${file} holds no key. npx tripgrid keys generate makes one; or remove the file, and the service makes one.`,
  );
}

const FIRST_KEY: NewKey = {
  name: "first",
  scopes: SCOPES,
  source: undefined,
  region: undefined,
  expiresAt: undefined,
  createdBy: undefined,
};
