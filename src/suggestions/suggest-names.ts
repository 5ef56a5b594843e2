import type { CellForm } from "../geo/cell-point.ts";
import type { FieldTarget } from "../mappings/mapping.ts";

/** No column's name says more than so many characters, and a header of one cell of a megabyte would be searched for minutes. */
const MAX_NAME = 200;

/**
 * A column's name in lower-case words without accents: `startTime`, `start_time` and `Start Time` are the same. Search
 * engines give a document as `_source`, which is no source of trips.
 */
export const wordsOf = (name: string): string =>
  name
    .slice(0, MAX_NAME)
    .replace(/^_source\./, "")
    .normalize("NFD")
    .replace(/\p{M}/gu, "")
    .replace(/([a-z0-9])([A-Z])/g, "$1 $2")
    .toLowerCase()
    .replace(/[^\p{L}\p{N}]+/gu, " ")
    .trim();

// The words of English, German, French, Spanish, Portuguese, Italian, Dutch and Finnish, without accents.
const START_WORDS =
  "start|begin|pickup|origin|from|departure|beginn|startzeit|abfahrt|anfang|debut|depart|inicio|inicial|origen|origem|partida|salida|retiro|inizio|partenza|vertrek|lahto";
const END_WORDS =
  "end|stop|dropoff|destination|to|return|arrival|ende|endzeit|ankunft|ziel|fin|arrivee|retour|destino|llegada|arribo|final|chegada|arrivo|aankomst|einde|paluu";
const START = new RegExp(
  `^(start|begin|began|orig|pick ?up|depart|(from|pu)(?= |$|lat|lon|lng|loc|date|time))|\\b(${START_WORDS})\\b`,
);
const END = new RegExp(
  `^(end|stop|finish|dest|drop ?off|arriv|return(?!ed? (true|false))|(to|do)(?= |$|lat|lon|lng|loc|date|time))|\\b(${END_WORDS})\\b|(arribo|arrivo|llegada)$`,
);
const LAT = /(lat|latitude|latitud|latitudine|breitengrad|lat wgs84)$|^(lat|breitengrad|geografische breite)/;
const LON =
  /(lon|lng|long|longitude|longitud|longitudine|langengrad|lon wgs84)$|^(lon|lng|langengrad|geografische lange)/;
/** Short words for both ends, which mean them only beside a coordinate or a time. */
const OF_START = /^o (?=lat|lon|lng|x$|y$|time|date)|^(lat|lon|lng|latitude|longitude|x|y) ?1$/;
const OF_END = /^d (?=lat|lon|lng|x$|y$|time|date)|^(lat|lon|lng|latitude|longitude|x|y) ?2$/;
const TIME = /time|date|timestamp|\bts\b|\bat$|clock|zeit|datum|fecha|hora\b|heure|\bora\b|\btijd/;

/** The end of a trip that a name refers to. */
export function endOf(name: string): "start" | "end" | undefined {
  const words = wordsOf(name);
  if (OF_START.test(words)) return "start";
  if (OF_END.test(words)) return "end";
  const [start, end] = [START.exec(words), END.exec(words)];
  if (start && end) return start.index <= end.index ? "start" : "end";
  return start ? "start" : end ? "end" : undefined;
}

const TRIP = "trip|ride|rental|journey|fahrt|viaje|viagem|corsa|attributes|properties|data";
const END_ALONE =
  "start|started|begin|began|pick ?up|departure|departed|beginn|anfang|abfahrt|debut|depart|inicio|salida|inizio|partenza|end|ended|stop|stopped|finish|finished|drop ?off|arrival|arrived|ende|ankunft|fin|arrivee|fim|chegada|fine|arrivo|llegada";
const COUNTED = "s|sec|ms|millis|unix|epoch";
const ONLY_END = new RegExp(`^((${TRIP}) )*(${END_ALONE})( (${COUNTED}))*$`);

/** Whether a name is that of an end of a trip, at most with a unit of time, so that it may hold times: `trip_end`, `start_ms`. */
export const isEndAlone = (name: string): boolean => ONLY_END.test(wordsOf(name));

export const isTimeName = (name: string): boolean => TIME.test(wordsOf(name));

/** Whether a name says that its times are in UTC: `start_time_utc`, `Start (UTC)`. */
export const saysUtc = (name: string): boolean => /\b(utc|gmt)\b/.test(wordsOf(name));

const PLACE =
  "station|estacion|stazione|zone|zona|location|stop|dock|terminal|area|geo|emplacement|centerline|tract|district|cell|grid";

/** Whether a name is that of the id of a station or zone. */
export const isPlaceId = (name: string): boolean => {
  const words = wordsOf(name);
  return (
    new RegExp(`(${PLACE}) ?(logical terminal|id|code|number|nummer|numero|nr|no|pk|terminal)$`).test(words) ||
    /emplacement pk|terminal$|^(pu|do)? ?location ?id$/.test(words)
  );
};

/** Whether a name is that of a station or zone without more, so that its values may be ids or names of such. */
export const isPlaceName = (name: string): boolean => new RegExp(`\\b(${PLACE})`).test(wordsOf(name));

/** The grid whose cells a column names, if its own name says it: `origin_geohash`, `h3_start`. */
export function cellFormOf(name: string): CellForm | undefined {
  const words = wordsOf(name);
  if (/geo ?hash/.test(words)) return "geohash";
  if (/\bh ?3\b/.test(words)) return "h3";
  return /plus ?code|\bolc\b/.test(words) ? "plus_code" : undefined;
}

/** The order of the coordinates in one column, if its name says it. */
export function orderOf(name: string): "lon_lat" | "lat_lon" | undefined {
  const words = wordsOf(name);
  if (/\b(lon|lng|long|longitude) ?(lat|latitude)\b|\bxy\b|\bx y\b/.test(words)) return "lon_lat";
  return /\b(lat|latitude) ?(lon|lng|long|longitude)\b/.test(words) ? "lat_lon" : undefined;
}

/** Whether a name is that of the way of a trip. */
export const isPathName = (name: string): boolean =>
  /poly ?line|\bpath\b|\broute\b|geom|\bway\b|line ?string/.test(wordsOf(name));

export const isBookingName = (name: string): boolean => /book|creat|order|request|reserv/.test(wordsOf(name));

export function coordinateOf(name: string): "lat" | "lon" | undefined {
  const words = wordsOf(name)
    .replace(/ (deg|degrees?|wgs ?84|dd)$/, "")
    .replace(/ ?[12]$/, "");
  return LAT.test(words) ? "lat" : LON.test(words) ? "lon" : axisOf(words);
}

/** `x` and `y`, as map programs name coordinates: of any system, so their values must be degrees. */
const axisOf = (words: string) => (/(^| )y$/.test(words) ? "lat" : /(^| )x$/.test(words) ? "lon" : undefined);

/** Targets that are recognised by name, with the kind of values that they need. The best names of each come first. */
export const BY_NAME: readonly {
  to: FieldTarget;
  holds: "number" | "name" | "id" | "key";
  names: readonly RegExp[];
}[] = [
  {
    to: "trip_id",
    holds: "key",
    names: [
      /^(trip|ride|rental|booking|journey|order) ?(id|no|number|uuid|key|code)$/,
      /^(id|uuid|key)$/,
      /^(fahrt|reise|viaje|viagem|corsa|rit) ?(id|nr|nummer|no)$/,
    ],
  },
  {
    to: "source",
    holds: "name",
    names: [/^(data ?source|source|provider|operator|vendor)( (name|id))?$/, /^(fleet|company)$/],
  },
  { to: "region", holds: "name", names: [/^(region|city|market|town)( name)?$/] },
  {
    to: "duration_s",
    holds: "number",
    names: [
      /^(trip |ride )?(duration|elapsed)/,
      /^(trip|ride) ?(duration|time|seconds|minutes)/,
      /duration|elapsed|dauer|duree|duracion|durata|duracao|kesto/,
    ],
  },
  {
    to: "distance_m",
    holds: "number",
    names: [
      /^(trip |ride )?distance/,
      /distance|mileage|distanz|entfernung|strecke|distancia|distanza|matka/,
      /^(trip |ride )?(miles|km|kms)$/,
    ],
  },
  { to: "driver_id", holds: "id", names: [/^(driver|chauffeur)( id| no| number)?$/, /driver.*id$/] },
  {
    to: "rider_id",
    holds: "id",
    names: [/^(rider|user|customer|passenger|client|member)( id| no)?$/, /(rider|user|customer).*id$/],
  },
  {
    to: "vehicle_model",
    holds: "name",
    names: [/^(vehicle|car|bike|scooter) ?(model|type)( id)?$/, /^(rideable type|model)$/],
  },
];

/** The unit that a name mentions, spelled as in a mapping. */
export function unitOf(name: string, to: "duration_s" | "distance_m"): string | undefined {
  const words = ` ${wordsOf(name)} `;
  const units: [string, RegExp][] =
    to === "duration_s"
      ? [
          ["ms", / (ms|millis\w*) /],
          ["min", / (min|mins|minute|minutes) /],
          ["h", / (h|hour|hours) /],
          ["s", / (s|sec|secs|seconds?) /],
        ]
      : [
          ["km", / (km|kms|kilomet\w+) /],
          ["mi", / (mi|mile|miles|mileage) /],
          ["ft", / (ft|feet) /],
          ["m", / (m|met(er|re)s?) /],
        ];
  return units.find(([, pattern]) => pattern.test(words))?.[0];
}
