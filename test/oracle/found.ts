import type { TestCase } from "./ask.ts";

/** With a vertex one last bit beside a corner of cells, for which GEOS failed to say whether it covers the cell. */
export const NEARLY_ON_A_CORNER: TestCase = {
  area: {
    kind: "found earlier",
    polygons: [
      [
        [
          [-60.00732421875001, -90],
          [-60, -90],
          [-60, -89.997],
        ],
      ],
    ],
  },
  question: { match: "origin" },
  by: "averages",
};
