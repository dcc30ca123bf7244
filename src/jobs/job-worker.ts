import { setTimeout as sleep } from 'node:timers/promises'
import type PgBoss from 'pg-boss'
import { CapstanError } from '../base/index.ts'
import type { Hold, Store } from '../storage/index.ts'
import type { Job, JobError } from './job.ts'
import { runSql, selectActive } from './queries.ts'

/** Does a job; what it gives is kept as the job's result. An error that it throws is final: it would come again. */
export type JobHandler<Data extends object> = (job: Job<Data>) => Promise<object | undefined>

export type JobWorkerOptions<Data extends object> = {
  store: Store
  boss: PgBoss
  name: string
  handler: JobHandler<Data>
  /** Jobs at once. */
  concurrency: number
  /** How long to wait before looking for a job again, and for those of dead workers. */
  pollMs: number
  takeOverMs: number
  onError: (error: Error) => void
}

/** A job that was begun so often and whose worker then died is given up: it may be what kills them. */
const triesMax = 5
const holdTries = 20
const holdRetryMs = 100

/**
 * Fetches jobs and does them, and gives those of workers that died to the next one. A job is held while it is done, so an
 * active one that nobody holds has lost its worker. pg-boss by itself would notice only when the job expires.
 */
export class JobWorker<Data extends object> {
  readonly #options: JobWorkerOptions<Data>
  readonly #underway = new Set<string>()
  readonly #stopping = new AbortController()
  readonly #ended: Promise<unknown>

  constructor(options: JobWorkerOptions<Data>) {
    this.#options = options
    const loops = Array.from({ length: options.concurrency }, () => this.#workOn())
    this.#ended = Promise.all([...loops, this.#takeOver()])
  }

  /** Ids of the jobs that are being done here. */
  get underway(): string[] {
    return [...this.#underway]
  }

  /** Fetches no more, and resolves when what is being done has ended. */
  async stop(): Promise<void> {
    this.#stopping.abort()
    await this.#ended
  }

  /** Fetches no more, and puts what is being done back for another worker. This process has to end: its handlers do not. */
  async giveBack(): Promise<void> {
    this.#stopping.abort()
    for (const id of this.#underway) await this.#putBack(id, { reason: 'its worker was stopped', isFault: false })
  }

  async #workOn(): Promise<void> {
    const { boss, name, pollMs } = this.#options
    while (!this.#stopping.signal.aborted) {
      const [job] = await boss.fetch<Data>(name)
      if (job) await this.#carryOut(job)
      else await this.#pause(pollMs)
    }
  }

  async #carryOut({ id, name, data }: Job<Data>): Promise<void> {
    const { boss, handler } = this.#options
    const hold = await this.#hold(id)
    // Somebody is at work on it still; if not, it is taken over like that of a dead worker.
    if (!hold) return
    this.#underway.add(id)
    try {
      const result = await handler({ id, name, data })
      await this.#insist(() => boss.complete(name, id, result ?? {}))
    } catch (error) {
      await this.#insist(() => boss.fail(name, id, describe(error)))
    } finally {
      this.#underway.delete(id)
      await hold.release()
    }
  }

  /** Another worker that looks for dead ones holds a job for a moment. */
  async #hold(id: string): Promise<Hold | null> {
    for (let i = 0; i < holdTries; i++) {
      const hold = await this.#options.store.tryHold(nameOf(id)).catch(() => null)
      if (hold) return hold
      await sleep(holdRetryMs)
    }
    return null
  }

  /** The work is done: that is worth waiting for a database that is away. */
  async #insist(write: () => Promise<unknown>): Promise<void> {
    for (;;) {
      try {
        await write()
        return
      } catch (error) {
        this.#options.onError(error as Error)
        await sleep(this.#options.pollMs)
      }
    }
  }

  async #takeOver(): Promise<void> {
    let suspects = new Map<string, string>()
    while (!this.#stopping.signal.aborted) {
      try {
        suspects = await this.#takeOverFrom(suspects)
      } catch (error) {
        this.#options.onError(error as Error)
      }
      await this.#pause(this.#options.takeOverMs)
    }
  }

  /**
   * Puts back the jobs that nobody held the last time either: one that was just fetched is not held yet, and a worker whose
   * connection broke has to take its holds again. Gives those that nobody holds for the first time.
   */
  async #takeOverFrom(suspects: ReadonlyMap<string, string>): Promise<Map<string, string>> {
    const { store, name } = this.#options
    const unheld = new Map<string, string>()
    for (const { id, begun } of await selectActive(store.database, { name })) {
      const hold = await store.tryHold(nameOf(id))
      if (!hold) continue
      if (suspects.get(id) === begun) await this.#putBack(id, { reason: 'its worker died', isFault: true, begun })
      else unheld.set(id, begun)
      await hold.release()
    }
    return unheld
  }

  /** Fails a job and, unless it has failed its workers too often, lets it wait for another try: both or nothing. */
  async #putBack(
    id: string,
    { reason, isFault, begun }: { reason: string; isFault: boolean; begun?: string },
  ): Promise<void> {
    const { store, boss, name } = this.#options
    await store.database.transaction().execute(async (transaction) => {
      const [job] = await selectActive(transaction, { name, id })
      if (!job || (begun !== undefined && job.begun !== begun)) return
      const db = { executeSql: (text: string, values: unknown[]) => runSql(transaction, text, values) }
      const tries = job.retryLimit + 1
      const error: JobError = {
        code: 'jobs.worker-died',
        message: `The job was begun ${tries} ${tries === 1 ? 'time' : 'times'} and never ended: ${reason}.`,
      }
      await boss.fail(name, id, error, { db })
      if (!isFault || tries < triesMax) await boss.retry(name, id, { db })
    })
  }

  async #pause(ms: number): Promise<void> {
    await sleep(ms, undefined, { signal: this.#stopping.signal }).catch(() => {})
  }
}

function nameOf(id: string): string {
  return `job ${id}`
}

function describe(error: unknown): JobError {
  const message = error instanceof Error ? error.message : String(error)
  return { code: error instanceof CapstanError ? error.code : 'internal', message }
}
