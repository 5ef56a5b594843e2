const CENTRE = [7.68, 45.07] as const;

/** A polygon around Turin whose outline goes in and out with every vertex: legal, and as dear as an area can be. */
export function star(vertices: number, radius = 0.2) {
  return ring(vertices, (i) => (i % 2 === 0 ? radius : radius * 0.97));
}

export function circle(vertices: number, radius = 0.2) {
  return ring(vertices, () => radius);
}

function ring(vertices: number, radiusOf: (i: number) => number) {
  const points = Array.from({ length: vertices }, (_, i) => {
    const angle = (2 * Math.PI * i) / vertices;
    return [CENTRE[0] + radiusOf(i) * Math.cos(angle), CENTRE[1] + radiusOf(i) * Math.sin(angle)];
  });
  return { type: "Polygon", coordinates: [[...points, points[0]]] };
}
