export type { Job, JobFilter, JobRecord, JobState } from './job.ts'
export type { JobWorker } from './job-worker.ts'
export { type Jobs, openJobs } from './open-jobs.ts'
