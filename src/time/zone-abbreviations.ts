/**
 * Offsets of abbreviations of time zones, in hours east of Greenwich: of those in use that have one offset only in all zones
 * of the IANA database (2025b) since 2000. CST, CDT, IST, PST, KST and MSK have several, so none of them is here.
 */
const HOURS_EAST: Readonly<Record<string, number>> = {
  ...{ ACDT: 10.5, ACST: 9.5, ADT: -3, AEDT: 11, AEST: 10, AKDT: -8, AKST: -9, AST: -4, AWST: 8, BST: 1, CAT: 2 },
  ...{ CEST: 2, CET: 1, EAT: 3, EDT: -4, EEST: 3, EET: 2, EST: -5, GMT: 0, HDT: -9, HKT: 8, HST: -10, IDT: 3 },
  ...{ JST: 9, MDT: -6, MST: -7, NDT: -2.5, NST: -3.5, NZDT: 13, NZST: 12, PDT: -7, PKT: 5, SAST: 2, SST: -11 },
  ...{ UTC: 0, WAT: 1, WEST: 1, WET: 0, WIB: 7, WIT: 9, WITA: 8 },
};

/** Minutes east of Greenwich of an abbreviation such as `CEST`, in any case; undefined if it has none or several. */
export function minutesOfAbbreviation(name: string): number | undefined {
  const abbreviation = name.toUpperCase();
  const hours = Object.hasOwn(HOURS_EAST, abbreviation) ? HOURS_EAST[abbreviation] : undefined;
  return hours === undefined ? undefined : hours * 60;
}
