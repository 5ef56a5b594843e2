import type { Wiring } from "../wiring.ts";
import { findFeature, readExtent, readFeatures } from "./features.db.ts";

export const wireOgc = ({ db, check }: Wiring) => ({
  readFeatures: readFeatures.bind(null, db, check),
  findFeature: findFeature.bind(null, db),
  readExtent: readExtent.bind(null, db),
});
