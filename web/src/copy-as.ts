import type { WeeklyAnswer } from "./answers.ts";
import { filterParameters, type Question, weeklyQuestion } from "./questions.ts";
import type { State } from "./state.ts";

const shellQuoted = (text: string) => `'${text.replaceAll("'", `'\\''`)}'`;
const sqlQuoted = (text: string) => `'${text.replaceAll("'", "''")}'`;

/**
 * The question as a line for a shell.
 *
 * @param origin the address of the service, without a slash at its end
 * @param isSignedIn whether the line needs a credential. It names a variable: a key does not belong into a clipboard
 */
export function asCurl(origin: string, question: Question, isSignedIn: boolean): string {
  const { method, path, body } = question;
  const parts = [`curl ${shellQuoted(`${origin}${path}`)}`];
  if (isSignedIn) parts.push(`-H "Authorization: Bearer $TRIPGRID_API_KEY"`);
  if (body) parts.push(`-H 'Content-Type: application/json'`, `-d ${shellQuoted(JSON.stringify(body))}`);
  else if (method === "POST") parts.push("-X POST");
  return parts.join(" \\\n  ");
}

export const weeklyCurl = (origin: string, state: State, isSignedIn: boolean): string =>
  asCurl(origin, weeklyQuestion(state, "exact"), isSignedIn);

/** The question as a call of the SQL function that answers it. */
export function asSql({ area, filters }: State): string {
  const given = filterParameters(filters);
  const named: [string, string | undefined][] = [
    ["area", areaSql(area)],
    ["match", given.match && sqlQuoted(given.match)],
    ["source", given.source && sqlQuoted(given.source)],
    ["region", area?.kind === "region" ? sqlQuoted(area.name) : undefined],
    ["from_date", given.from && `date ${sqlQuoted(given.from)}`],
    ["to_date", given.to && `date ${sqlQuoted(given.to)}`],
    ["hours", filters.hours.length > 0 ? `array[${filters.hours.join(", ")}]` : undefined],
    ["days", filters.days.length > 0 ? `array[${filters.days.join(", ")}]` : undefined],
  ];
  const lines = named.flatMap(([name, value]) => (value ? [`  ${name} => ${value}`] : []));
  const call = lines.length === 0 ? "()" : `(\n${lines.join(",\n")}\n)`;
  return `select window_from, window_to, trips, weeks_in_window, average, weeks\nfrom tripgrid.weekly_averages${call};`;
}

function areaSql(area: State["area"]): string | undefined {
  if (area?.kind === "bbox") return `st_makeenvelope(${area.bbox.join(", ")}, 4326)`;
  if (area?.kind === "circle") {
    const [lon, lat] = area.center;
    return `st_buffer(st_makepoint(${lon}, ${lat})::geography, ${area.radiusM}, 32)::geometry`;
  }
  if (area?.kind === "shape") return `tripgrid.area_from_geojson(${sqlQuoted(JSON.stringify(area.shape))})`;
  return area?.kind === "boundary" ? `tripgrid.region_boundary(${sqlQuoted(area.name)})` : undefined;
}

/** The weeks of an answer as CSV. A withheld count is empty. */
export const asCsv = ({ weeks }: Pick<WeeklyAnswer, "weeks">): string =>
  ["week,start,trips", ...weeks.map(({ week, start, trips }) => `${week},${start},${trips ?? ""}`), ""].join("\n");
