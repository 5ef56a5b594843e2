import type { Wiring } from "../wiring.ts";
import { findFeature, readExtent, readFeatures } from "./features.db.ts";
import { makeTile } from "./tiles.db.ts";

export const wireOgc = ({ db, check }: Wiring) => ({
  readFeatures: readFeatures.bind(null, db, check),
  findFeature: findFeature.bind(null, db),
  makeTile: makeTile.bind(null, db, check),
  readExtent: readExtent.bind(null, db),
});
