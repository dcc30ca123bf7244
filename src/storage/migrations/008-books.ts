import { type Migration, sql } from 'kysely'

/** Closed months, reversals, dated rates, metered events, and what of predictions and labels the meters have booked. */
export const addBooks: Migration = {
  async up(database) {
    // Null: the entry counts when it happened. Set where it happened in a month that was closed already.
    await sql`alter table ledger_entries add column booked_at timestamptz`.execute(database)
    await sql`alter table ledger_entries add column reverses text unique references ledger_entries (id)`.execute(
      database,
    )
    await sql`create index ledger_entries_by_time on ledger_entries (event_time)`.execute(database)
    await sql`
      create table ledger_periods (
        month text primary key check (month ~ '^[0-9]{4}-(0[1-9]|1[0-2])$'),
        closed_at timestamptz not null
      )`.execute(database)
    await refuseClosedMonths.execute(database)
    await sql`
      create trigger closed_months before insert on ledger_entries
      for each row execute function ledger_refuse_closed_month()`.execute(database)
    await sql`
      create table ledger_rates (
        id bigint generated always as identity primary key,
        commodity text not null,
        currency text not null,
        day text not null check (day ~ '^[0-9]{4}-[0-9]{2}-[0-9]{2}$'),
        price numeric not null check (price > 0),
        source text not null,
        recorded_at timestamptz not null,
        check (commodity <> currency)
      )`.execute(database)
    await sql`create index ledger_rates_by_day on ledger_rates (commodity, currency, day)`.execute(database)
    await sql`
      create table metered_events (
        source text not null,
        id text not null,
        event_time timestamptz not null,
        debit text not null,
        credit text not null,
        commodity text not null,
        amount_micro bigint not null check (amount_micro > 0),
        dimensions jsonb not null,
        batch text not null,
        primary key (source, id)
      )`.execute(database)
    for (const table of ['ledger_periods', 'ledger_rates', 'metered_events']) {
      await sql`
        create trigger append_only before update or delete or truncate on ${sql.table(table)}
        for each statement execute function ledger_refuse_change()`.execute(database)
    }
    await sql`alter table predictions add column metered_micro bigint, add column metered_label boolean`.execute(
      database,
    )
    await sql`
      create index predictions_unmetered on predictions (created_at)
      where metered_micro is distinct from cost_micro or (teacher_answer is not null and metered_label is not true)
    `.execute(database)
    await sql`alter table label_answers add column metered boolean not null default false`.execute(database)
    await sql`create index label_answers_unmetered on label_answers (created_at) where not metered`.execute(database)
    await sql`
      create table import_layouts (
        layout text primary key,
        mapping jsonb not null,
        updated_at timestamptz not null
      )`.execute(database)
  },
}

/** What was reported of a closed month stays true, whatever the code forgot to check. */
const refuseClosedMonths = sql`
  create function ledger_refuse_closed_month() returns trigger language plpgsql as $$
  declare
    booked_month text := to_char(coalesce(new.booked_at, new.event_time) at time zone 'UTC', 'YYYY-MM');
  begin
    if exists (select from ledger_periods where month >= booked_month) then
      raise exception 'ledger entry % belongs to %, which is closed', new.id, booked_month
        using errcode = 'check_violation';
    end if;
    return new;
  end $$`
