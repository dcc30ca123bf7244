import { type Migration, sql } from 'kysely'

/** What a training run measured while it went on, and the settings that were in effect. */
export const addTracking: Migration = {
  async up(database) {
    await sql`alter table runs add column effective_settings jsonb`.execute(database)
    await sql`
      create table run_steps (
        run text not null references runs (id),
        step integer not null check (step > 0),
        epoch integer not null check (epoch > 0),
        loss double precision not null,
        learning_rate double precision not null,
        gradient_norm double precision not null,
        tokens integer not null check (tokens >= 0),
        seconds double precision not null check (seconds >= 0),
        primary key (run, step)
      )`.execute(database)
    await sql`
      create table run_epochs (
        run text not null references runs (id),
        epoch integer not null check (epoch >= 0),
        step integer not null check (step >= 0),
        loss double precision,
        metrics jsonb not null,
        is_best boolean not null,
        primary key (run, epoch)
      )`.execute(database)
  },
}
