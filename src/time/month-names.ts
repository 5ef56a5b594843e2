/** English first. Others are those whose names of months are words of letters alone. */
const LANGUAGES = ["en", "de", "fr", "es", "pt", "it", "nl", "fi", "sv", "nb", "da", "pl", "cs", "hu", "tr"];
/** Short forms that are in use beside those that the library knows. */
const OTHERS: Readonly<Record<string, number>> = { sept: 9, mrz: 3, maerz: 3, janner: 1, ene: 1 };

let known: ReadonlyMap<string, number> | undefined;

/**
 * The month of a name or its short form, as files in the languages of Europe have them: `Mai`, `März`, `févr.`.
 *
 * @returns 1 to 12, or 0 if no language has the name
 */
export function monthOfName(name: string): number {
  known ??= monthNames();
  return known.get(plain(name)) ?? 0;
}

/** A short form may have a dot, and accents are often lost. */
const plain = (name: string) =>
  name.normalize("NFD").replace(/\p{M}/gu, "").toLowerCase().replace(/ł/g, "l").replace(/\.$/, "");

/** No name stands for two months, whatever languages have it. */
function monthNames(): Map<string, number> {
  const names = new Map(Object.entries(OTHERS));
  for (const language of LANGUAGES) {
    for (const month of ["long", "short"] as const) {
      // Beside a day some languages have another case.
      for (const day of [undefined, "numeric"] as const) {
        const format = new Intl.DateTimeFormat(language, { month, day, timeZone: "UTC" });
        for (let i = 0; i < 12; i++) {
          const part = format.formatToParts(Date.UTC(2018, i, 15)).find(({ type }) => type === "month");
          const name = plain(part?.value ?? "");
          if (/^\p{L}{3,}$/u.test(name) && !names.has(name)) names.set(name, i + 1);
        }
      }
    }
  }
  return names;
}
