/** All that a trip needs. */
export const TRIP = { source: "attack", started_at: "2024-05-21T08:00:00", origin: [7.67, 45.05] };
