import { randomUUID } from 'node:crypto'
import PgBoss from 'pg-boss'
import type { Store } from '../storage/index.ts'
import type { JobFilter, JobKinds, JobRecord } from './job.ts'
import { type JobHandler, JobWorker } from './job-worker.ts'
import { jobSchema, runSql, selectJobs } from './queries.ts'

type Name<Kinds extends JobKinds> = keyof Kinds & string

/** The jobs of a store, which outlive the process that asked for them. On a server they are shared by its processes. */
export type Jobs<Kinds extends JobKinds> = {
  /**
   * Leaves a job for a worker, and gives its id. Of those with one `singletonKey`, one waits at a time: null where it does
   * already.
   */
  send<N extends Name<Kinds>>(name: N, data: Kinds[N], options?: { singletonKey?: string }): Promise<string | null>
  /** Does jobs of a kind, the oldest first, until the worker is stopped; also those whose worker died. */
  work<N extends Name<Kinds>>(
    name: N,
    handler: JobHandler<Kinds[N]>,
    options?: { concurrency?: number },
  ): Promise<JobWorker<Kinds[N]>>
  /** The newest first. */
  list(filter?: JobFilter): Promise<JobRecord[]>
  /** Lets the workers end what they do. */
  close(): Promise<void>
}

export type OpenJobsOptions = {
  /** Told of what went wrong in the background and is tried again. */
  onError?: (error: Error) => void
  /** How often workers look for a job; default 1,000. */
  pollMs?: number
  /** How often they look for jobs whose worker died, which are taken over at the second look; default 3,000. */
  takeOverMs?: number
}

const daySeconds = 24 * 60 * 60
const queueOptions = {
  // Of the jobs with one key, one waits; how many are under way is the workers' choice.
  policy: 'short',
  // What throws would throw again. A worker that dies is another matter: see job-worker.ts.
  retryLimit: 0,
  // A job that takes longer counts as failed. pg-boss allows no more than a day.
  expireInSeconds: daySeconds - 1,
  // A job may wait that long for a worker.
  retentionMinutes: (365 * daySeconds) / 60,
} as const

/** Opens the queue that lives in the store's database, through pg-boss. */
export async function openJobs<Kinds extends JobKinds>(
  store: Store,
  { onError = () => {}, pollMs = 1000, takeOverMs = 3000 }: OpenJobsOptions = {},
): Promise<Jobs<Kinds>> {
  const boss = new PgBoss({
    db: { executeSql: (text, values) => runSql(store.database, text, values) },
    schema: jobSchema,
    schedule: false,
    maintenanceIntervalSeconds: 60,
    // Longer than a job may take: pg-boss counts a job that was put back from its first end.
    archiveCompletedAfterSeconds: 14 * daySeconds,
    deleteAfterDays: 30,
  })
  boss.on('error', onError)
  await boss.start()
  const workers: { stop(): Promise<void> }[] = []
  const queues = new Set<string>()
  const ensureQueue = async (name: string): Promise<void> => {
    if (!queues.has(name)) await boss.createQueue(name, { name, ...queueOptions })
    queues.add(name)
  }
  return {
    async send(name, data, { singletonKey } = {}) {
      await ensureQueue(name)
      const id = randomUUID()
      return boss.send(name, data, { id, singletonKey: singletonKey ?? id })
    },
    async work(name, handler, { concurrency = 1 } = {}) {
      await ensureQueue(name)
      const worker = new JobWorker({ store, boss, name, handler, concurrency, pollMs, takeOverMs, onError })
      workers.push(worker)
      return worker
    },
    list: (filter) => selectJobs(store.database, filter),
    async close() {
      await Promise.all(workers.map((worker) => worker.stop()))
      await boss.stop({ graceful: false })
    },
  }
}
