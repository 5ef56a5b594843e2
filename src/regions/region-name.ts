import { AppError } from "../errors.ts";
import { isStorable } from "../kit/storable.ts";

/**
 * The name of a region, checked.
 *
 * @param field where it stands, for the error
 * @throws AppError invalid_parameter
 */
export function regionName(name: unknown = "", field = "name"): string {
  if (typeof name === "string" && name.length <= 200 && name.trim() !== "" && isStorable(name)) return name;
  throw new AppError("invalid_parameter", `${field}: expected a name of 1 to 200 characters.`, {
    errors: [{ field, detail: "expected a name of 1 to 200 characters" }],
  });
}
