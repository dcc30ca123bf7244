import { type Migration, sql } from 'kysely'

/** For how long a run held a GPU, and the energy meanwhile; null for runs from before they were measured. */
export const addGpuAndEnergy: Migration = {
  async up(database) {
    await sql`
      alter table runs
        add column gpu_seconds double precision,
        add column energy_joules double precision`.execute(database)
  },
}
