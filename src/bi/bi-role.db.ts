import type { Sql, Transaction } from "../database/client.ts";
import { StartError } from "../errors.ts";
import { scramVerifier } from "./scram.ts";

/** The number of the lock on the role: processes that start at once would change the role at once. It spells "role". */
const LOCK = 0x726f6c65;
const MAX_CONNECTIONS = 20;
/** The time limit of a transaction in seconds. An open transaction keeps old partitions from being dropped. */
export const OPEN_S = 600;

/** The functions that analysts call. They run with their owner's rights. All other functions run only inside these. */
const PUBLIC_FUNCTIONS = [
  "weekly_averages",
  "weekly_averages_by_area",
  "weekly_averages_by_region",
  "weekly_counts",
  "weekly_estimates",
  "region_boundary",
  "area_from_geojson",
  "valid_area_from_geojson",
  "checked_area",
  "clusters",
  "cluster_answer",
];

export interface BiRole {
  name: string;
  /** Undefined: the password stays unchanged. A new role then has none, and cannot log in by password. */
  password: string | undefined;
  timeoutS: number;
}

/**
 * Creates the role of BI tools if it is missing, and lets it read the schema `bi` and call the public functions, and
 * nothing else. Earlier grants in Tripgrid's schemas are revoked first, so the role loses every right that is no longer
 * listed here.
 *
 * @returns a sentence for each step that failed: on a managed database an administrator may have to create the role
 * @throws StartError if the name belongs to a role with further rights
 */
export async function setUpBiRole(sql: Sql, role: BiRole): Promise<string[]> {
  const warnings: string[] = [];
  await sql.begin(async (tx) => {
    await tx`select pg_advisory_xact_lock(${LOCK})`;
    const name = tx(role.name);
    if (!(await exists(tx, role.name))) {
      const made = await attempt(
        tx,
        (sp) => sp`
        create role ${name} nosuperuser nocreatedb nocreaterole noreplication nobypassrls noinherit login`,
      );
      if (made !== undefined) {
        warnings.push(
          `TRIPGRID_BI_ROLE: there is no role ${role.name} and it could not be made (${made}). Have an administrator run: create role ${role.name} login noinherit`,
        );
        return;
      }
    }
    await assertUnprivileged(tx, role.name);
    const limited = await attempt(tx, (sp) => limit(sp, role));
    if (limited !== undefined) {
      warnings.push(`TRIPGRID_BI_ROLE: the limits or the password of ${role.name} could not be set (${limited}).`);
    }
    const granted = await attempt(tx, (sp) => grant(sp, role.name));
    if (granted !== undefined) {
      warnings.push(`TRIPGRID_BI_ROLE: what ${role.name} may read could not be set (${granted}).`);
    }
    // Every role may create temporary tables unless this right is revoked from public. A single role cannot be
    // excluded.
    const temporary = await attempt(tx, (sp) => revokeTemporary(sp));
    if (temporary !== undefined) warnings.push(`${role.name} may make temporary tables (${temporary}).`);
    const jobs = await attempt(tx, (sp) => revokeJobs(sp));
    if (jobs !== undefined) warnings.push(`${role.name} may add jobs to TimescaleDB (${jobs}).`);
    // Only a member of the role, or a role with more rights, can end its queries.
    const member = await attempt(tx, (sp) => becomeMember(sp, role.name));
    if (member !== undefined) {
      warnings.push(`Queries of ${role.name} that raise their own statement_timeout cannot be ended (${member}).`);
    }
    warnings.push(...(await excess(tx, role.name)));
  });
  return warnings;
}

async function exists(tx: Transaction, name: string): Promise<boolean> {
  const [row] = await tx`select 1 from pg_roles where rolname = ${name}`;
  return row !== undefined;
}

/**
 * Refuses the name of another user's role, given by mistake: the grants would take that user's rights away, or give
 * them to everybody.
 */
async function assertUnprivileged(tx: Transaction, name: string): Promise<void> {
  const [row] = await tx<{ why: string | null }[]>`
    select case when r.rolname in (current_user, session_user) then 'is the one that Tripgrid itself connects as'
                when r.rolsuper then 'is a superuser'
                when r.rolcreaterole or r.rolcreatedb or r.rolreplication or r.rolbypassrls then 'may do more than read'
                when exists (select 1 from pg_namespace n where n.nspname in ('tripgrid', 'tripgrid_internal', 'bi') and pg_has_role(r.oid, n.nspowner, 'member'))
                  then 'has the rights of the owner of the schema tripgrid' end as why
    from pg_roles r where r.rolname = ${name}`;
  if (row?.why)
    throw new StartError(`TRIPGRID_BI_ROLE: the role ${name} ${row.why}. Name one of its own for BI tools.`);
}

async function limit(tx: Transaction, { name, password, timeoutS }: BiRole): Promise<void> {
  const role = tx(name);
  await tx`alter role ${role} noinherit login connection limit ${tx.unsafe(String(MAX_CONNECTIONS))}`;
  const settings = {
    statement_timeout: `${timeoutS}s`,
    idle_in_transaction_session_timeout: `${OPEN_S / 2}s`,
    default_transaction_read_only: "on",
    // Sampling a column of a view reads all of the view, and compiling that takes longer than it saves.
    work_mem: "64MB",
    jit: "off",
  };
  for (const [key, value] of Object.entries(settings))
    await tx`alter role ${role} set ${tx(key)} = ${tx.unsafe(`'${value}'`)}`;
  // The password is not sent in clear text: a statement may appear in the server's log.
  if (password !== undefined) await tx`alter role ${role} password ${tx.unsafe(`'${scramVerifier(password)}'`)}`;
}

async function grant(tx: Transaction, name: string): Promise<void> {
  const role = tx(name);
  await tx`revoke all on all tables in schema tripgrid, tripgrid_internal, bi from ${role}`;
  await tx`revoke all on all sequences in schema tripgrid, tripgrid_internal, bi from ${role}`;
  await tx`revoke all on all functions in schema tripgrid, tripgrid_internal, bi from ${role}`;
  await tx`revoke all on schema tripgrid, tripgrid_internal, bi from ${role}`;
  await tx`grant usage on schema tripgrid, bi to ${role}`;
  await tx`grant select on all tables in schema bi to ${role}`;
  const [shown] = await tx`select 1 from tripgrid.settings where shows_trips and min_trips <= 1`;
  if (!shown) await tx`revoke all on bi.trips from ${role}`;
  const functions = await tx<{ signature: string }[]>`
    select p.oid::regprocedure::text as signature from pg_proc p join pg_namespace n on n.oid = p.pronamespace
    where n.nspname = 'tripgrid' and p.proname = any (${PUBLIC_FUNCTIONS}::text[]) and p.prokind = 'f'`;
  for (const { signature } of functions) await tx`grant execute on function ${tx.unsafe(signature)} to ${role}`;
  const [database] = await tx<{ owned: boolean; name: string }[]>`
    select pg_has_role(datdba, 'usage') as owned, datname as name from pg_database where datname = current_database()`;
  if (database?.owned) await tx`grant connect on database ${tx(database.name)} to ${role}`;
}

async function revokeTemporary(tx: Transaction): Promise<void> {
  const [database] = await tx<{ name: string; owned: boolean; open: boolean }[]>`
    select d.datname as name, pg_has_role(d.datdba, 'usage') as owned,
           exists (select 1 from aclexplode(coalesce(d.datacl, acldefault('d', d.datdba))) a
                   where a.grantee = 0 and a.privilege_type = 'TEMPORARY') as open
    from pg_database d where d.datname = current_database()`;
  if (!database?.open) return;
  if (!database.owned) throw new Error(`only the owner of the database ${database.name} can revoke that from public`);
  await tx`revoke temporary on database ${tx(database.name)} from public`;
}

async function becomeMember(tx: Transaction, name: string): Promise<void> {
  const can = () =>
    tx`select 1 where pg_has_role(current_user, ${name}, 'usage') or pg_has_role(current_user, 'pg_signal_backend', 'usage')`;
  if ((await can()).length === 0) await tx`grant ${tx(name)} to current_user`;
}

/** The rights that the role has from other sources: from public, or from a role that it is a member of. */
async function excess(tx: Transaction, name: string): Promise<string[]> {
  const tables = await tx<{ name: string }[]>`
    select c.oid::regclass::text as name from pg_class c join pg_namespace n on n.oid = c.relnamespace
    where n.nspname in ('tripgrid', 'tripgrid_internal') and c.relkind in ('r', 'p', 'v', 'm')
      and has_table_privilege(${name}, c.oid, 'select, insert, update, delete, truncate') limit 3`;
  const schemas = await tx<{ name: string }[]>`
    select n.nspname as name from pg_namespace n
    where not starts_with(n.nspname, 'pg_') and has_schema_privilege(${name}, n.oid, 'create') limit 3`;
  return [
    ...tables.map((one) => `${name} has rights on ${one.name} that Tripgrid did not grant: revoke them.`),
    ...schemas.map(
      (one) => `${name} may create tables in the schema ${one.name}: revoke create on schema ${one.name} from public.`,
    ),
  ];
}

/** Keeps the role from adding jobs to TimescaleDB. Jobs run in the background without a time limit. */
async function revokeJobs(tx: Transaction): Promise<void> {
  const open = await tx<{ name: string }[]>`
    select p.oid::regprocedure::text as name from pg_proc p
    where p.proname = 'add_job' and coalesce(p.proacl, acldefault('f', p.proowner))::text ~ '[{,]=X'`;
  for (const { name } of open) await tx.unsafe(`revoke execute on routine ${name} from public`);
}

/** @returns the reason for a failure; then all changes of `work` are rolled back */
async function attempt(tx: Transaction, work: (tx: Transaction) => PromiseLike<unknown>): Promise<string | undefined> {
  try {
    await tx.savepoint((sp) => work(sp as unknown as Transaction));
    return undefined;
  } catch (error) {
    return (error as Error).message;
  }
}
