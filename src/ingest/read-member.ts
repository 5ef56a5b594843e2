import type { SentFile, SentMember } from "../batches/work.ts";
import { membersOf } from "../containers/container.ts";
import { openFile } from "../containers/random-access.ts";
import { AppError } from "../errors.ts";
import { checkUnchanged } from "./sent-file.ts";

/**
 * Reads the text of a table in a container, for as long as the file is unchanged.
 *
 * @throws AppError file_changed, unsupported_file
 */
export async function* readMember(file: SentFile, { kind, name, sheet }: SentMember): AsyncGenerator<Buffer> {
  await checkUnchanged(file);
  const source = await openFile(file.path);
  try {
    const member = (await membersOf(source, kind, { sheet })).find((one) => one.name === name);
    if (!member) throw new AppError("unsupported_file", `The file does not hold ${name} any more.`);
    for await (const chunk of member.open()) {
      await checkUnchanged(file);
      yield chunk;
    }
  } finally {
    await source.close();
  }
}
