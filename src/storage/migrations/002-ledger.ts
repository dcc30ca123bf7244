import { type Migration, sql } from 'kysely'

/** The journal: entries and their postings, append only and balanced by the database itself. */
export const addLedger: Migration = {
  async up(database) {
    await sql`
      create table ledger_entries (
        id text primary key,
        sequence bigint generated always as identity unique,
        source text not null,
        key text not null,
        payload_sha256 text not null,
        event_time timestamptz not null,
        recorded_at timestamptz not null,
        description text not null,
        dimensions jsonb not null,
        unique (source, key)
      )`.execute(database)
    await sql`
      create table ledger_postings (
        entry text not null references ledger_entries (id),
        position integer not null,
        account text not null,
        commodity text not null,
        amount_micro bigint not null check (amount_micro <> 0),
        primary key (entry, position)
      )`.execute(database)
    await sql`create index ledger_postings_by_account on ledger_postings (account, commodity)`.execute(database)
    await refuseChanges.execute(database)
    for (const table of ['ledger_entries', 'ledger_postings']) {
      await sql`
        create trigger append_only before update or delete or truncate on ${sql.table(table)}
        for each statement execute function ledger_refuse_change()`.execute(database)
    }
    await checkBalance.execute(database)
    await sql`
      create constraint trigger balanced after insert on ledger_entries
      deferrable initially deferred for each row execute function ledger_check_balance('id')`.execute(database)
    await sql`
      create constraint trigger balanced after insert on ledger_postings
      deferrable initially deferred for each row execute function ledger_check_balance('entry')`.execute(database)
  },
}

const refuseChanges = sql`
  create function ledger_refuse_change() returns trigger language plpgsql as $$
  begin
    raise exception 'the ledger is append only: % on % refused', tg_op, tg_table_name
      using errcode = 'restrict_violation', hint = 'post a reversing entry';
  end $$`

/** Fires at commit for the entry and for each posting, so that neither a bare entry nor a late posting gets through. */
const checkBalance = sql`
  create function ledger_check_balance() returns trigger language plpgsql as $$
  declare
    entry_id text := to_jsonb(new) ->> tg_argv[0];
    off record;
  begin
    if not exists (select from ledger_postings where entry = entry_id) then
      raise exception 'ledger entry % has no postings', entry_id using errcode = 'check_violation';
    end if;
    select commodity, sum(amount_micro) as total into off
      from ledger_postings where entry = entry_id group by commodity having sum(amount_micro) <> 0 limit 1;
    if found then
      raise exception 'ledger entry % is off by % micro % ', entry_id, off.total, off.commodity
        using errcode = 'check_violation';
    end if;
    return null;
  end $$`
