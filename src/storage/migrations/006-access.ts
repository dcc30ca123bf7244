import { type Migration, sql } from 'kysely'

/** API keys, which are revoked and never deleted, and the audit log, which is append only by the database itself. */
export const addAccess: Migration = {
  async up(database) {
    await sql`
      create table api_keys (
        id text primary key,
        name text not null,
        secret_sha256 text not null,
        tasks jsonb,
        created_at timestamptz not null,
        expires_at timestamptz,
        revoked_at timestamptz,
        requests_per_minute integer check (requests_per_minute > 0)
      )`.execute(database)
    await sql`
      create table access_log (
        sequence bigint generated always as identity primary key,
        at timestamptz not null,
        actor text not null,
        act text not null,
        subject jsonb not null
      )`.execute(database)
    await sql`
      create function access_refuse_change() returns trigger language plpgsql as $$
      begin
        raise exception 'the audit log is append only: % on % refused', tg_op, tg_table_name
          using errcode = 'restrict_violation';
      end $$`.execute(database)
    await sql`
      create trigger append_only before update or delete or truncate on access_log
      for each statement execute function access_refuse_change()`.execute(database)
  },
}
