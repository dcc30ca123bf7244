// The tables as Kysely sees them. jsonb columns are written as JSON text, which both PGlite and a PostgreSQL driver take.
import type { ColumnType, Generated } from 'kysely'
import type { ArtifactFile } from './fingerprint-folder.ts'

type Json<T> = ColumnType<T, string, string>
type JsonObject = Record<string, unknown>

type TasksTable = { name: string; created_at: Date }

type RunsTable = {
  id: string
  task: string
  kind: 'train' | 'compress' | 'evaluate'
  status: 'running' | 'succeeded' | 'failed' | 'stopped'
  seed: bigint
  settings: Json<JsonObject>
  effective_settings: ColumnType<JsonObject | null, string | undefined, string>
  started_at: Date
  finished_at: Date | null
  error_code: string | null
  error_message: string | null
  wall_seconds: number | null
  cpu_seconds: number | null
  memory_bytes_peak: bigint | null
  estimate: Json<JsonObject> | null
  choices: ColumnType<unknown[], string | undefined, string>
}

type RunStepsTable = {
  run: string
  step: number
  epoch: number
  loss: number
  learning_rate: number
  gradient_norm: number
  tokens: number
  seconds: number
}

type RunEpochsTable = {
  run: string
  epoch: number
  step: number
  loss: number | null
  metrics: Json<JsonObject>
  is_best: boolean
}

type ModelVersionsTable = {
  id: string
  task: string
  version: number
  stage: 'candidate' | 'shadow' | 'live' | 'retired'
  run: string
  dataset_fingerprint: string
  base_name: string
  base_sha256: string
  code_version: string
  metrics: Json<JsonObject>
  size_bytes: bigint
  files: Json<ArtifactFile[]>
  created_at: Date
}

type LedgerEntriesTable = {
  id: string
  sequence: Generated<bigint>
  source: string
  key: string
  payload_sha256: string
  event_time: Date
  recorded_at: Date
  description: string
  dimensions: Json<Record<string, string>>
}

type LedgerPostingsTable = {
  entry: string
  position: number
  account: string
  commodity: string
  amount_micro: bigint
}

type ApiKeysTable = {
  id: string
  name: string
  secret_sha256: string
  /** Null for all tasks. */
  tasks: Json<string[]> | null
  created_at: Date
  expires_at: Date | null
  revoked_at: ColumnType<Date | null, never, Date>
  requests_per_minute: number | null
}

type AccessLogTable = {
  sequence: Generated<bigint>
  at: Date
  actor: string
  act: string
  subject: Json<Record<string, string | number | boolean | null>>
}

/** All tables of a data folder. */
export type Schema = {
  tasks: TasksTable
  runs: RunsTable
  run_steps: RunStepsTable
  run_epochs: RunEpochsTable
  model_versions: ModelVersionsTable
  ledger_entries: LedgerEntriesTable
  ledger_postings: LedgerPostingsTable
  api_keys: ApiKeysTable
  access_log: AccessLogTable
}
