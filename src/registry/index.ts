export type { DownloadProgress } from './download-model.ts'
export type { LearningPoint } from './learning-points.ts'
export type { NewModelVersion, VersionReference } from './model-version.ts'
export { openRegistry, type Registry } from './registry.ts'
export {
  type BaseModel,
  findBase,
  type ResolveBaseModelOptions,
  referToBase,
  resolveBaseModel,
} from './resolve-base-model.ts'
export type { NewRun, RunOutcome } from './run.ts'
export type { RunSeries } from './run-series.ts'
