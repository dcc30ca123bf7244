/** The kinds of jobs that a queue holds, and what each kind is told. Data is JSON: it crosses processes. */
export type JobKinds = Record<string, object>

/** A job that is to be done. */
export type Job<Data extends object = object> = { id: string; name: string; data: Data }

export type JobState = 'waiting' | 'active' | 'succeeded' | 'failed' | 'cancelled'

/** Why a job failed; the code is that of the error, where it has one. */
export type JobError = { code: string; message: string }

/** A job as the queue remembers it. */
export type JobRecord = {
  id: string
  name: string
  state: JobState
  data: object
  singletonKey: string | null
  /** How often it was begun. */
  tries: number
  createdAt: string
  startedAt: string | null
  endedAt: string | null
  /** What its handler gave, once it has succeeded. */
  result: object | null
  error: JobError | null
}

export type JobFilter = { name?: string; state?: JobState }
