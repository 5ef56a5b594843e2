/**
 * A place where trips begin and end: its centre in degrees, the standard deviation of the trips' distance from it in
 * metres, and its weight for each use, relative to the other places of its city.
 */
export type Spot = [lon: number, lat: number, m: number, home: number, work: number, night: number, gate: number];

/**
 * The uses of a spot, with the index of each weight. A gate is a station or an airport, which has a higher weight
 * because it is far away.
 */
export const USES = { home: 3, work: 4, night: 5, gate: 6 } as const;
export type Use = keyof typeof USES;

export interface City {
  /** The region that its trips carry. `geo/` has an outline of that name. */
  name: string;
  /** The number of trips, relative to the other cities. */
  share: number;
  /** The number of trips from January to December, relative to each other. */
  season: readonly number[];
  /** The driving speed on empty streets in km/h. */
  speedKmh: number;
  /** True if clocks change as in the European Union. */
  clocksChange: boolean;
  /** Fares: the base fare, the fare for each kilometre, and the number of decimals. */
  fare: { currency: string; base: number; perKm: number; decimals: number };
  spots: readonly Spot[];
}

/** Four cities for a demo. Their places, sizes and seasons are estimates, not statistics. */
export const CITIES: readonly City[] = [
  {
    name: "Turin",
    share: 18,
    season: [0.97, 1, 1.03, 1.03, 1.06, 1.02, 0.92, 0.62, 1.04, 1.1, 1.08, 1.12], // in August the city is at the sea
    speedKmh: 31,
    clocksChange: true,
    fare: { currency: "EUR", base: 3.5, perKm: 1.4, decimals: 2 },
    spots: [
      // lon, lat, m, home, work, night, gate
      [7.686, 45.071, 600, 3, 9, 6, 0], // centre
      [7.678, 45.062, 250, 1, 3, 1, 7], // Porta Nuova station
      [7.665, 45.072, 300, 1, 5, 1, 6], // Porta Susa station
      [7.649, 45.2, 300, 0, 1, 0, 16], // airport, far outside the outline
      [7.665, 45.031, 700, 4, 5, 1, 1], // Lingotto
      [7.681, 45.055, 450, 4, 2, 8, 0], // San Salvario
      [7.662, 45.063, 450, 3, 6, 1, 0], // Politecnico
      [7.635, 45.028, 900, 6, 3, 0, 0], // Mirafiori
      [7.642, 45.047, 800, 8, 1, 1, 0], // Santa Rita
      [7.632, 45.067, 750, 7, 1, 1, 0], // Pozzo Strada
      [7.7, 45.095, 900, 8, 2, 1, 0], // Barriera di Milano
      [7.648, 45.102, 900, 6, 1, 0, 0], // Vallette
      [7.685, 45.0, 800, 3, 1, 0, 0], // Moncalieri, outside
    ],
  },
  {
    name: "Prague",
    share: 24,
    season: [0.94, 0.95, 0.99, 1.03, 1.06, 1.03, 0.93, 0.92, 1.04, 1.05, 1.02, 1.12],
    speedKmh: 34,
    clocksChange: true,
    fare: { currency: "CZK", base: 60, perKm: 36, decimals: 0 },
    spots: [
      [14.425, 50.083, 700, 3, 9, 8, 0], // New Town
      [14.435, 50.083, 250, 1, 3, 1, 7], // main station
      [14.264, 50.106, 400, 0, 1, 0, 16], // airport
      [14.402, 50.071, 700, 4, 6, 2, 1], // Smíchov
      [14.45, 50.093, 700, 4, 6, 3, 1], // Karlín and Florenc
      [14.459, 50.05, 600, 4, 7, 1, 0], // Pankrác and Michle
      [14.391, 50.103, 800, 5, 5, 1, 0], // Dejvice
      [14.512, 50.032, 1200, 9, 2, 0, 0], // Jižní Město
      [14.342, 50.05, 1100, 8, 2, 0, 0], // Stodůlky
      [14.42, 50.128, 1000, 7, 1, 0, 0], // Bohnice
      [14.505, 50.132, 1200, 7, 2, 0, 0], // Letňany
      [14.57, 50.108, 1300, 5, 1, 0, 0], // Černý Most
      [14.558, 49.985, 1500, 2, 1, 0, 0], // Průhonice, on the edge
    ],
  },
  {
    name: "Hamburg",
    share: 22,
    season: [0.95, 0.96, 0.99, 1.0, 1.03, 1.03, 0.96, 0.99, 1.03, 1.03, 1.02, 1.1],
    speedKmh: 35,
    clocksChange: true,
    fare: { currency: "EUR", base: 4, perKm: 2.1, decimals: 2 },
    spots: [
      [9.993, 53.551, 700, 2, 9, 3, 0], // Neustadt and Altstadt
      [10.007, 53.553, 250, 1, 3, 1, 8], // main station
      [9.99, 53.633, 400, 0, 1, 0, 16], // airport
      [9.963, 53.551, 450, 3, 2, 9, 0], // St. Pauli
      [9.935, 53.552, 600, 5, 4, 2, 4], // Altona
      [10.0, 53.543, 500, 2, 6, 2, 0], // HafenCity
      [10.024, 53.607, 800, 5, 7, 0, 0], // City Nord and Alsterdorf
      [9.955, 53.585, 900, 8, 2, 2, 0], // Eimsbüttel
      [10.02, 53.585, 900, 8, 2, 2, 0], // Winterhude
      [10.075, 53.575, 1100, 8, 3, 0, 0], // Wandsbek
      [9.98, 53.461, 900, 6, 3, 1, 1], // Harburg
      [10.205, 53.49, 1100, 4, 1, 0, 0], // Bergedorf
      [10.0, 53.705, 1400, 2, 1, 0, 0], // Norderstedt, outside
    ],
  },
  {
    name: "Bengaluru",
    share: 36,
    season: [1.01, 1.01, 1.02, 0.98, 0.95, 1.0, 1.01, 1.01, 1.02, 0.97, 1.01, 1.05],
    speedKmh: 26,
    clocksChange: false,
    fare: { currency: "INR", base: 60, perKm: 16, decimals: 0 },
    spots: [
      [77.605, 12.974, 900, 3, 8, 8, 0], // MG Road
      [77.57, 12.977, 350, 2, 3, 1, 8], // Majestic station
      [77.706, 13.198, 500, 0, 1, 0, 16], // airport, far outside the outline
      [77.735, 12.985, 1300, 5, 8, 1, 0], // Whitefield
      [77.668, 12.845, 1300, 4, 8, 0, 0], // Electronic City, across the edge
      [77.685, 12.93, 1200, 5, 9, 1, 0], // Outer Ring Road
      [77.625, 12.935, 800, 6, 3, 8, 0], // Koramangala
      [77.641, 12.975, 750, 5, 3, 7, 0], // Indiranagar
      [77.583, 12.925, 1000, 8, 2, 1, 0], // Jayanagar
      [77.545, 12.9, 1300, 7, 1, 0, 0], // Banashankari
      [77.555, 13.0, 1000, 7, 2, 1, 2], // Malleshwaram and Yeshwantpur
      [77.62, 13.045, 1300, 6, 5, 0, 0], // Hebbal
      [77.592, 13.1, 1300, 6, 1, 0, 0], // Yelahanka
    ],
  },
];

/**
 * A reason to travel: the origin, the destination, its share of all trips (shares need not sum to 100), and the hours:
 * a digit for each hour, relative to each other, for Monday to Thursday, Friday, Saturday and Sunday.
 */
export type Flow = readonly [from: Use, to: Use, share: number, hours: string];

// biome-ignore format: hours that stand below each other can be compared
export const FLOWS: readonly Flow[] = [
  ["home", "work", 25,
    "000001389720000000000000 000001389720000000000000 000000112210000000000000 000000001110000000000000"],
  ["work", "home", 25,
    "000000000000001137998421 000000000000002258997421 000000000000111111110000 000000000000001111100000"],
  ["home", "night", 9,
    "000000000000000000123210 000000000000000001367852 000000000000000112467863 000000000000000001222100"],
  ["night", "home", 11,
    "110000000000000000000123 210000000000000000001357 998630000000000000001468 898741000000000000000121"],
  ["home", "gate", 7,
    "000146654333344543210000 000146654333456654310000 000145665433333332110000 000123444444455655310000"],
  ["gate", "home", 7,
    "210000124443334455665432 210000124443334456776543 210000013455544444443321 210000013344445566778643"],
  ["work", "work", 5,
    "000000002467656653100000 000000002467655421000000 000000000011110000000000 000000000000000000000000"],
  ["home", "home", 11,
    "000000012344333444321100 000000012344333444432211 111000012456666665543322 221000001245666665432110"],
];
