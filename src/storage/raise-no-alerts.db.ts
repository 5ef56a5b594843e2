import type { Transaction } from "../database/client.ts";

/**
 * Rows that this transaction stores raise no alerts: they were stored before, and come back in another place or form.
 * It holds until the transaction ends.
 */
export async function raiseNoAlerts(tx: Transaction): Promise<void> {
  await tx`select set_config('tripgrid.raising', 'off', true)`;
}
