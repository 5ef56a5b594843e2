/** The command is invalid: it prints one sentence and ends with exit status 2. */
export class UsageError extends Error {
  override readonly name = "UsageError";
}
