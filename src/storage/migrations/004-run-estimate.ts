import { type Migration, sql } from 'kysely'

/** What a run was expected to take, and how its settings were chosen. */
export const addRunEstimate: Migration = {
  async up(database) {
    await sql`alter table runs add column estimate jsonb, add column choices jsonb not null default '[]'`.execute(
      database,
    )
  },
}
