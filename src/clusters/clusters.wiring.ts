import { withinBound } from "../kit/bounds.ts";
import type { Wiring } from "../wiring.ts";
import { clusters } from "./clusters.db.ts";
import type { Clusters } from "./clusters.ts";

/** A bound caller gets the clusters of its own trips only. */
export const wireClusters = ({ questions }: Wiring): { clusters: Clusters } => ({
  clusters: async (question) => clusters(questions, withinBound(question)),
});
