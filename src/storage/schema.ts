// The tables as Kysely sees them. jsonb columns are written as JSON text, which both PGlite and a PostgreSQL driver take.
import type { ColumnType, Generated } from 'kysely'
import type { ArtifactFile } from './fingerprint-folder.ts'

type Json<T> = ColumnType<T, string, string>
type NullableJson = ColumnType<unknown, string | null | undefined, string | null>
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
  gpu_seconds: number | null
  energy_joules: number | null
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

type LearningPointsTable = {
  run: string
  task: string
  recipe: string
  base: string
  labels: number
  seed: bigint
  score_name: string
  score: number
  score_low: number
  score_high: number
  test_examples: number
  parameters: bigint
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
  /** When it last became live. */
  promoted_at: ColumnType<Date | null, Date | undefined, Date>
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
  /** Where it happened in a month that was closed already: when it counts. */
  booked_at: Date | null
  /** The entry that it takes back. */
  reverses: string | null
}

type LedgerPostingsTable = {
  entry: string
  position: number
  account: string
  commodity: string
  amount_micro: bigint
}

type LedgerPeriodsTable = { month: string; closed_at: Date }

type LedgerRatesTable = {
  id: Generated<bigint>
  commodity: string
  currency: string
  day: string
  price: string
  source: string
  recorded_at: Date
}

type MeteredEventsTable = {
  source: string
  id: string
  event_time: Date
  debit: string
  credit: string
  commodity: string
  amount_micro: bigint
  dimensions: Json<Record<string, string>>
  /** Of the call that brought it, whose entries have keys that begin so. */
  batch: string
}

type ImportLayoutsTable = { layout: string; mapping: Json<JsonObject>; updated_at: Date }

type PredictionsTable = {
  id: string
  task: string
  created_at: Date
  input: string | null
  input_pair: string | null
  source: 'model' | 'teacher' | 'none'
  answer: NullableJson
  below_target: boolean
  reason: string | null
  model: string | null
  model_answer: NullableJson
  confidence: number | null
  /** The gate let the model answer. */
  accepted: boolean
  /** Drawn for an audit before the gate had its say. */
  sampled: boolean
  teacher_answer: NullableJson
  shadow: string | null
  shadow_answer: NullableJson
  /** Of the label queue's question, where people are to answer. */
  ticket: string | null
  cost_micro: bigint
  currency: string | null
  latency_ms: number
  /** The key of the customer who asked. */
  caller: string | null
  /** Of its cost, what the ledger has; null until the answer itself is booked. */
  metered_micro: bigint | null
  /** The ledger has its teacher's answer as a label. */
  metered_label: boolean | null
}

type FeedbackTable = {
  id: string
  prediction: string
  key: string
  payload_sha256: string
  answer: NullableJson
  correct: boolean | null
  rating: number | null
  outcome_micro: bigint | null
  currency: string | null
  caller: string | null
  created_at: Date
}

type ExamplesTable = {
  id: string
  task: string
  /** Of the normalised text: the same for the same question. */
  text_key: string
  text: string
  text_pair: string | null
  answer: Json<unknown>
  source: 'teacher' | 'human' | 'feedback' | 'imported'
  provenance: Json<JsonObject>
  /** Labelled whatever the model thought of it: such examples are drawn as requests come. */
  representative: boolean
  prediction: string | null
  created_at: Date
}

type GatesTable = {
  model: string
  task: string
  temperature: number
  gate: Json<JsonObject>
  out_of_scope: Json<JsonObject | null>
  /** In the order of the calibration scores' probabilities. */
  labels: Json<string[]>
  target: number
  confidence: number
  audited: Generated<number>
  agreed: Generated<number>
  closed_at: number | null
  closed_reason: string | null
  /** How often its traffic was compared with that of its first hours. */
  drift_looks: Generated<number>
  created_at: Date
}

type CalibrationScoresTable = {
  model: string
  example: string
  answer: Json<unknown>
  score: number
  agrees: boolean
  representative: boolean
  probabilities: Json<number[] | null>
}

type TaskStatesTable = {
  task: string
  /** Traffic before it was another: it calibrates no gate. */
  calibrate_since: Date | null
  trained_examples: Generated<number>
  trained_at: Date | null
}

/** Tasks that were set by API. */
type TaskSettingsTable = { task: string; settings: Json<JsonObject>; updated_at: Date }

type TeacherBudgetsTable = { task: string; day: string; taken_micro: bigint }

type LabelQuestionsTable = {
  id: string
  task: string
  key: string
  text: string
  text_pair: string | null
  prediction: string | null
  created_at: Date
  answer: NullableJson
  answered_at: Date | null
}

type LabelAnswersTable = {
  question: string
  annotator: string
  answer: Json<unknown>
  created_at: Date
  /** The ledger has it. */
  metered: Generated<boolean>
}

type AlertsTable = {
  id: string
  task: string
  kind: string
  message: string
  details: Json<JsonObject>
  created_at: Date
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
  learning_points: LearningPointsTable
  model_versions: ModelVersionsTable
  ledger_entries: LedgerEntriesTable
  ledger_postings: LedgerPostingsTable
  ledger_periods: LedgerPeriodsTable
  ledger_rates: LedgerRatesTable
  metered_events: MeteredEventsTable
  import_layouts: ImportLayoutsTable
  predictions: PredictionsTable
  feedback: FeedbackTable
  examples: ExamplesTable
  gates: GatesTable
  calibration_scores: CalibrationScoresTable
  task_states: TaskStatesTable
  task_settings: TaskSettingsTable
  teacher_budgets: TeacherBudgetsTable
  label_questions: LabelQuestionsTable
  label_answers: LabelAnswersTable
  alerts: AlertsTable
  api_keys: ApiKeysTable
  access_log: AccessLogTable
}
