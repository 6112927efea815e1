import pg from 'pg';
import type { TestPostgres } from '../../postgres.ts';

/**
 * Triggers that see who takes and who clears each lease: a backend of PostgreSQL is known by the leases that it took. A lease that
 * has not run out, and whose process lives, may be cleared by that process alone.
 */
const INSTALL = `
create schema watch;
create table watch.backend (pid int primary key, owner text not null);
create table watch.cleared (at bigint, pid int, enforcement text, owner text, by_time boolean, lives boolean);
create function watch.see() returns trigger language plpgsql security definer as $$
declare
  now_ms bigint := (extract(epoch from clock_timestamp()) * 1000)::bigint;
begin
  if tg_op <> 'INSERT' and old.lease_owner is not null and (tg_op = 'DELETE' or new.lease_owner is distinct from old.lease_owner) then
    insert into watch.cleared values (now_ms, pg_backend_pid(), old.id, old.lease_owner, old.lease_until <= now_ms, exists (
      select from pg_locks where locktype = 'advisory' and classid = 4873105 and objid::text = old.lease_owner and granted));
  end if;
  if tg_op <> 'DELETE' and new.lease_owner is not null and (tg_op = 'INSERT' or new.lease_owner is distinct from old.lease_owner) then
    insert into watch.backend values (pg_backend_pid(), new.lease_owner) on conflict do nothing;
  end if;
  return null;
end $$;
create trigger watch after insert or update or delete on interdict.enforcement for each row execute function watch.see();`;

const STALE = `select c.enforcement from watch.cleared c join watch.backend b using (pid)
  where b.owner <> c.owner and not c.by_time and c.lives`;
const COUNTS = `select count(*)::int as cleared, (count(*) filter (where c.by_time and b.owner <> c.owner))::int as taken
  from watch.cleared c join watch.backend b using (pid)`;
const TAKEN = `select distinct a.id, a.target from watch.cleared c join watch.backend b using (pid)
  join interdict.action a on a.enforcement_id = c.enforcement
  where b.owner <> c.owner and c.by_time and c.at >= $1 and a.hold in ('active', 'waiting')`;

/** An action whose call was under way in a process that stood still, and is another's by now. */
export interface Taken {
  readonly id: string;
  readonly target: string;
}

export interface LeaseWatch {
  /** Leases that ran out since, and were taken over; the actions that still hold what they were for. */
  takenSince(at: number): Promise<readonly Taken[]>;
  /** Effects whose lease somebody else's process cleared while it lasted. */
  stale(): Promise<readonly string[]>;
  /** `cleared`: all leases that ended; `taken`: those that ran out. */
  counts(): Promise<{ readonly cleared: number; readonly taken: number }>;
  close(): Promise<void>;
}

export async function watchLeases(postgres: TestPostgres): Promise<LeaseWatch> {
  const client = new pg.Client(postgres.url);
  await client.connect();
  await client.query(INSTALL);
  return {
    takenSince: async (at) => (await client.query<Taken>(TAKEN, [at])).rows,
    stale: async () => (await client.query<{ enforcement: string }>(STALE)).rows.map(({ enforcement }) => enforcement),
    counts: async () =>
      (await client.query<{ cleared: number; taken: number }>(COUNTS)).rows[0] ?? { cleared: 0, taken: 0 },
    close: () => client.end(),
  };
}
