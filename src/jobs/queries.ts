// What pg-boss keeps and has no function to read: its table of jobs, as of the version that package.json pins.
import { CompiledQuery, type Kysely, sql } from 'kysely'
import type { Schema } from '../storage/index.ts'
import type { JobError, JobFilter, JobRecord, JobState } from './job.ts'

type Database = Kysely<Schema>

/** Beside the tables of Capstan, so that another application's pg-boss may live in the same database. */
export const jobSchema = 'capstan_jobs'

/** Newest first; more are not listed. */
const listedMax = 1000
const jobTable = sql.table(`${jobSchema}.job`)

/** Which states of pg-boss make ours; one that waits for another try waits. */
const states: Record<string, JobState> = {
  created: 'waiting',
  retry: 'waiting',
  active: 'active',
  completed: 'succeeded',
  failed: 'failed',
  cancelled: 'cancelled',
}

/**
 * Runs the SQL that pg-boss brings. A text without values may be a script with a transaction of its own: it has the
 * connection for itself, and leaves no broken transaction behind.
 */
export async function runSql(
  database: Database,
  text: string,
  values: readonly unknown[] = [],
): Promise<{ rows: object[] }> {
  if (values.length > 0) return database.executeQuery<object>(CompiledQuery.raw(text, [...values]))
  return database.connection().execute(async (connection) => {
    try {
      return await connection.executeQuery<object>(CompiledQuery.raw(text))
    } catch (error) {
      await connection.executeQuery(CompiledQuery.raw('rollback'))
      throw error
    }
  })
}

type JobRow = {
  id: string
  name: string
  state: string
  data: object
  singleton_key: string
  retry_count: number
  created_on: Date
  started_on: Date | null
  completed_on: Date | null
  output: object | null
}

/** The newest first. */
export async function selectJobs(database: Database, { name, state }: JobFilter = {}): Promise<JobRecord[]> {
  const wanted = Object.keys(states).filter((key) => state === undefined || states[key] === state)
  const { rows } = await sql<JobRow>`
    select id, name, state::text, data, singleton_key, retry_count, created_on, started_on, completed_on, output
    from ${jobTable}
    where state::text in (${sql.join(wanted)}) ${name === undefined ? sql`` : sql`and name = ${name}`}
    order by created_on desc, id limit ${listedMax}`.execute(database)
  return rows.map(toRecord)
}

function toRecord(row: JobRow): JobRecord {
  const state = states[row.state] ?? 'cancelled'
  const hasEnded = state !== 'waiting' && state !== 'active'
  return {
    id: row.id,
    name: row.name,
    state,
    data: row.data,
    // A job without a key has its own id for one, see open-jobs.ts.
    singletonKey: row.singleton_key === row.id ? null : row.singleton_key,
    tries: row.started_on === null ? 0 : row.retry_count + 1,
    createdAt: row.created_on.toISOString(),
    startedAt: row.started_on?.toISOString() ?? null,
    endedAt: hasEnded ? (row.completed_on?.toISOString() ?? null) : null,
    result: state === 'succeeded' ? row.output : null,
    error: state === 'failed' ? (row.output as JobError) : null,
  }
}

/** A job that is being worked on; `begun` tells one try from the next, exactly. */
export type ActiveJob = { id: string; begun: string; retryLimit: number }

/** Jobs that are being worked on, or would be if their process had not died. */
export async function selectActive(
  database: Database,
  { name, id }: { name: string; id?: string },
): Promise<ActiveJob[]> {
  const { rows } = await sql<ActiveJob>`
    select id, extract(epoch from started_on)::text as begun, retry_limit as "retryLimit" from ${jobTable}
    where name = ${name} and state = 'active' ${id === undefined ? sql`` : sql`and id = ${id}`}`.execute(database)
  return rows
}
