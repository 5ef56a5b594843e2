/** Bodies for tests that only need some trips to be there. */
export const tripsJson = (...ids: string[]) =>
  JSON.stringify(
    ids.map((id) => ({ trip_id: id, source: "start", started_at: "2018-05-21T02:54:04", origin: [7.67, 44.99] })),
  );

export async function postTrips(url: string, ...ids: string[]): Promise<{ inserted: number; duplicates: number }> {
  const reply = await fetch(`${url}/v1/trips`, {
    method: "POST",
    headers: { "content-type": "application/json" },
    body: tripsJson(...ids),
  });
  if (!reply.ok) throw new Error(`${reply.status}: ${await reply.text()}`);
  return (await reply.json()) as { inserted: number; duplicates: number };
}

export async function countTrips(url: string): Promise<number> {
  const reply = await fetch(`${url}/v1/weekly-averages?bbox=-180,-90,180,90`);
  return ((await reply.json()) as { trips: number }).trips;
}
