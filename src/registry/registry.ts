import { type Clock, systemClock } from '../base/index.ts'
import type { Choice, ModelVersion, Run, RunDetails, RunEstimate, Usage } from '../contracts/index.ts'
import type { Hold, Store } from '../storage/index.ts'
import { insertLearningPoint, type LearningPoint, selectLearningPoints } from './learning-points.ts'
import {
  endShadow,
  findEarlierVersion,
  findModelVersion,
  makeShadow,
  type NewModelVersion,
  openModelFolder,
  promoteVersion,
  recordModelVersion,
  type VersionReference,
} from './model-version.ts'
import { selectMetrics, selectModelVersions } from './queries.ts'
import {
  failInterruptedRuns,
  findRun,
  finishRun,
  listRuns,
  type NewRun,
  type RunOutcome,
  recordChoices,
  recordEstimate,
  recordUsage,
  resolveRuns,
  resumeRun,
  startRun,
  tryHoldRun,
} from './run.ts'
import { beginSeries, type RunSeries, recordSeries } from './run-series.ts'

export type RegistryContext = {
  store: Store
  clock: Clock
  /** Of the runs that this process works on, by their ids. */
  holds: Map<string, Hold>
}

/** Tasks, runs and model versions of a data folder, each version with its lineage and checked files. */
export type Registry = {
  /** Makes the task unless it is there. */
  ensureTask(name: string): Promise<void>
  /** Names in alphabetical order. */
  listTasks(): Promise<string[]>
  /** Throws NotFoundError `registry.task-not-found`. */
  startRun(run: NewRun): Promise<Run>
  /** Throws NotFoundError `registry.run-not-found`, or ConflictError `registry.run-finished` when it has ended before. */
  finishRun(id: string, outcome: RunOutcome): Promise<Run>
  /** What a run has used so far. */
  recordUsage(id: string, usage: Usage): Promise<void>
  /** What a run is expected to take; its first estimate stays. */
  recordEstimate(id: string, estimate: RunEstimate): Promise<void>
  /** How a run's settings were chosen. */
  recordChoices(id: string, choices: readonly Choice[]): Promise<void>
  /** Marks runs whose process is gone as failed, as opening the registry does. */
  failInterruptedRuns(): Promise<void>
  /** Marks an interrupted run as running again; throws ConflictError `registry.run-not-interrupted`. */
  resumeRun(id: string): Promise<Run>
  /** Keeps others from resuming a run; null where a process works on it. */
  tryHoldRun(id: string): Promise<Hold | null>
  findRun(id: string): Promise<Run>
  /**
   * The runs meant by ids or unambiguous beginnings of ids. Throws NotFoundError `registry.run-not-found` or
   * InvalidInputError `registry.run-ambiguous`.
   */
  resolveRuns(references: readonly string[]): Promise<Run[]>
  /** Records the settings in effect, and that the run goes on after `step`: what its series have beyond is removed. */
  beginSeries(id: string, start: { settings: Record<string, unknown>; step: number }): Promise<void>
  /** Adds to a run's series, in place of what they have for the same steps and epochs. */
  recordSeries(id: string, series: RunSeries): Promise<void>
  readSeries(id: string): Promise<Pick<RunDetails, 'effectiveSettings' | 'steps' | 'epochs'>>
  /** Keeps what a run has measured for a learning curve. */
  recordLearningPoint(point: LearningPoint): Promise<void>
  /** Of a task, in the order in which they were measured. */
  listLearningPoints(task: string): Promise<LearningPoint[]>
  /** The newest first. */
  listRuns(filter?: { task?: string }): Promise<Run[]>
  /**
   * Stores the model's files and records the next version. The first one of a task becomes live by itself; later ones are
   * candidates unless `promote` says otherwise.
   */
  recordModelVersion(model: NewModelVersion): Promise<ModelVersion>
  /** Makes a version live, whatever its stage; the one before becomes retired. Going back is promoting an older one. */
  promoteVersion(id: string): Promise<ModelVersion>
  /** The task's live version; null where it has none, or there is no such task. */
  findLive(task: string): Promise<ModelVersion | null>
  /** Id of each task's live version: what other processes have promoted shows here. */
  listLive(): Promise<Map<string, string>>
  /** Id of the version that was live before the present one. Throws ConflictError `registry.no-earlier-version`. */
  findEarlierVersion(task: string): Promise<string>
  /** Lets a version answer beside the live one without being heard. Throws ConflictError `registry.version-live`. */
  makeShadow(id: string): Promise<ModelVersion>
  endShadow(id: string): Promise<void>
  /** In the order of task and version. */
  listModelVersions(filter?: { task?: string }): Promise<ModelVersion[]>
  /** The live version unless told; NotFoundError `registry.task-not-found` or `registry.version-not-found` list what exists. */
  findModelVersion(task: string, reference?: VersionReference): Promise<ModelVersion>
  /**
   * A folder with the version's files, every checksum verified: read-only, shared with the store. Throws
   * `storage.artifact-corrupt` or `storage.artifact-missing`.
   */
  openModelFolder(version: Pick<ModelVersion, 'id' | 'files'>): Promise<string>
}

/** The registry of a store: runs whose process is gone are marked as failed. */
export async function openRegistry({ store, clock = systemClock }: { store: Store; clock?: Clock }): Promise<Registry> {
  const context: RegistryContext = { store, clock, holds: new Map() }
  await failInterruptedRuns(context)
  return {
    ensureTask: async (name) => {
      const task = { name, created_at: clock.now() }
      await store.database
        .insertInto('tasks')
        .values(task)
        .onConflict((conflict) => conflict.doNothing())
        .execute()
    },
    listTasks: async () => {
      const rows = await store.database.selectFrom('tasks').select('name').orderBy('name').execute()
      return rows.map((row) => row.name)
    },
    startRun: (run) => startRun(context, run),
    finishRun: (id, outcome) => finishRun(context, id, outcome),
    recordUsage: (id, usage) => recordUsage(context, id, usage),
    recordEstimate: (id, estimate) => recordEstimate(context, id, estimate),
    recordChoices: (id, choices) => recordChoices(context, id, choices),
    failInterruptedRuns: () => failInterruptedRuns(context),
    resumeRun: (id) => resumeRun(context, id),
    tryHoldRun: (id) => tryHoldRun(store, id),
    findRun: (id) => findRun(context, id),
    resolveRuns: (references) => resolveRuns(context, references),
    beginSeries: (id, start) => beginSeries(context, id, start),
    recordSeries: (id, series) => recordSeries(context, id, series),
    readSeries: (id) => selectMetrics(store.database, id),
    recordLearningPoint: (point) => insertLearningPoint(store, point),
    listLearningPoints: (task) => selectLearningPoints(store, task),
    listRuns: (filter) => listRuns(context, filter),
    recordModelVersion: (model) => recordModelVersion(context, model),
    promoteVersion: (id) => promoteVersion(context, id),
    findLive: async (task) =>
      (await selectModelVersions(store.database, { task })).find(({ stage }) => stage === 'live') ?? null,
    listLive: async () => {
      const rows = await store.database
        .selectFrom('model_versions')
        .select(['task', 'id'])
        .where('stage', '=', 'live')
        .execute()
      return new Map(rows.map(({ task, id }) => [task, id]))
    },
    findEarlierVersion: (task) => findEarlierVersion(context, task),
    makeShadow: (id) => makeShadow(context, id),
    endShadow: (id) => endShadow(context, id),
    listModelVersions: (filter) => selectModelVersions(store.database, filter),
    findModelVersion: (task, reference) => findModelVersion(context, task, reference),
    openModelFolder: (version) => openModelFolder(context, version),
  }
}
