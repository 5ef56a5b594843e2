const PARTS =
  /^\s*([NSEW])?\s*([+-]?\d{1,3}(?:[.,]\d+)?)\s*(?:[°º]|deg|d)?\s*(?:(\d{1,2}(?:[.,]\d+)?)\s*['’′m]\s*)?(?:(\d{1,2}(?:[.,]\d+)?)\s*(?:["”″s]|''|’’)\s*)?([NSEW])?\s*$/i;

/**
 * A coordinate in degrees, minutes and seconds, or with a letter for its half of the world: `45°4'12"N`, `74.006 W`.
 *
 * @param axis the letters N and S are those of a latitude, E and W those of a longitude
 * @returns undefined if the text is something else
 */
export function degreesOfText(text: string, axis: "lon" | "lat"): number | undefined {
  const match = text.length > 40 ? null : PARTS.exec(text);
  if (!match) return undefined;
  const [, before, degrees = "", minutes, seconds, behind] = match;
  const letter = (before ?? behind)?.toUpperCase();
  if (before !== undefined && behind !== undefined) return undefined;
  if (letter === undefined && minutes === undefined && seconds === undefined && !/[°º]/.test(text)) return undefined;
  if (letter !== undefined && !(axis === "lat" ? "NS" : "EW").includes(letter)) return undefined;
  const [whole, sixtieths, rest] = [degrees, minutes ?? "0", seconds ?? "0"].map((part) =>
    Number(part.replace(",", ".")),
  );
  if ((sixtieths ?? 0) >= 60 || (rest ?? 0) >= 60) return undefined;
  const size = Math.abs(whole ?? 0) + (sixtieths ?? 0) / 60 + (rest ?? 0) / 3600;
  const isNegative = degrees.startsWith("-") || letter === "S" || letter === "W";
  return isNegative ? -size : size;
}
