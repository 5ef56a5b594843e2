/** The command was not understood: one sentence, then exit status 2. */
export class UsageError extends Error {
  override readonly name = "UsageError";
}
