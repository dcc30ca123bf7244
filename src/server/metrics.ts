import { Counter, collectDefaultMetrics, Gauge, Histogram, Registry } from 'prom-client'
import type { PredictionReply } from '../contracts/index.ts'
import type { ServedPlatform, StageSeconds } from './served-platform.ts'

/** What /metrics shows, counted in a registry of its own. */
export type Metrics = {
  readonly registry: Registry
  observeRequest(request: { method: string; route: string; status: number; seconds: number }): void
  observePredictions(task: string, reply: PredictionReply): void
  /** Where the time of a request for predictions went; the gateway has what is left of the total. */
  observeStages(request: { task: string; seconds: StageSeconds; total: number }): void
}

/** Registers Capstan's metrics and those of the process, and listens to the platform's batches. */
export function createMetrics(platform: ServedPlatform): Metrics {
  const registry = new Registry()
  const registers = [registry]
  collectDefaultMetrics({ register: registry })
  const requestSeconds = new Histogram({
    name: 'capstan_http_request_seconds',
    help: 'Time to answer a request, by route and status',
    labelNames: ['method', 'route', 'status'],
    buckets: [0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10],
    registers,
  })
  const predictions = new Counter({
    name: 'capstan_predictions_total',
    help: 'Texts answered',
    labelNames: ['task', 'model', 'source', 'reason'],
    registers,
  })
  const truncated = new Counter({
    name: 'capstan_truncated_inputs_total',
    help: 'Texts of which only the beginning was read',
    labelNames: ['task', 'model'],
    registers,
  })
  const stageSeconds = new Histogram({
    name: 'capstan_stage_seconds',
    help: 'Where the time of a request for predictions went; stage "gateway" is all but the others',
    labelNames: ['task', 'stage'],
    buckets: [0.0001, 0.00025, 0.0005, 0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5],
    registers,
  })
  new Gauge({
    name: 'capstan_queue_rows',
    help: 'Texts accepted and not yet answered',
    labelNames: ['task'],
    registers,
    collect() {
      this.reset()
      for (const { task, queueRows } of platform.listQueues()) this.set({ task }, queueRows)
    },
  })
  observeBatches(platform, registers)
  observeModels(platform, registers)
  observeTeachers(platform, registers)
  return {
    registry,
    observeRequest({ method, route, status, seconds }) {
      requestSeconds.observe({ method, route, status }, seconds)
    },
    observePredictions(task, { model, predictions: answered }) {
      const labels = { task, model: model?.id ?? 'none' }
      for (const { source, reason } of answered) predictions.inc({ ...labels, source, reason: reason ?? '' })
      truncated.inc(labels, answered.filter((prediction) => prediction.truncated).length)
    },
    observeStages({ task, seconds, total }) {
      const { tokenize, queue, model, teacher } = seconds
      for (const [stage, value] of Object.entries({ ...seconds, gateway: total - tokenize - queue - model - teacher }))
        stageSeconds.observe({ task, stage }, value)
    },
  }
}

function observeBatches(platform: ServedPlatform, registers: Registry[]): void {
  const labelNames = ['task', 'model'] as const
  const rows = new Histogram({
    name: 'capstan_batch_rows',
    help: 'Texts in one run of a model',
    labelNames,
    buckets: [1, 2, 4, 8, 16, 32, 64, 128],
    registers,
  })
  const seconds = new Histogram({
    name: 'capstan_inference_seconds',
    help: 'Time of one run of a model',
    labelNames,
    buckets: [0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1],
    registers,
  })
  const tokens = new Counter({
    name: 'capstan_tokens_total',
    help: 'Tokens that models read; kind "padding" only filled rows up',
    labelNames: [...labelNames, 'kind'],
    registers,
  })
  platform.onBatch((batch) => {
    const labels = { task: batch.task, model: batch.model.id }
    rows.observe(labels, batch.rows)
    seconds.observe(labels, batch.seconds)
    tokens.inc({ ...labels, kind: 'text' }, batch.tokens)
    tokens.inc({ ...labels, kind: 'padding' }, batch.tokensPadded)
  })
}

function observeModels(platform: ServedPlatform, registers: Registry[]): void {
  const labelNames = ['task', 'model'] as const
  const loadSeconds = new Histogram({
    name: 'capstan_model_load_seconds',
    help: 'Time to load a model; the count is that of the loads',
    labelNames,
    buckets: [0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30],
    registers,
  })
  const unloads = new Counter({
    name: 'capstan_model_unloads_total',
    help: 'Models that left the memory, for others ("memory") or for their next version ("replaced")',
    labelNames: [...labelNames, 'reason'],
    registers,
  })
  new Gauge({
    name: 'capstan_model_memory_bytes',
    help: 'Memory that loaded models take by their estimates ("used"), and may take ("max")',
    labelNames: ['kind'],
    registers,
    collect() {
      const { bytes, bytesMax } = platform.readModelMemory()
      this.set({ kind: 'used' }, bytes)
      this.set({ kind: 'max' }, bytesMax)
    },
  })
  platform.onModel((event) => {
    const labels = { task: event.task, model: event.model.id }
    if (event.type === 'model-loaded') loadSeconds.observe(labels, event.seconds)
    else unloads.inc({ ...labels, reason: event.reason })
  })
}

function observeTeachers(platform: ServedPlatform, registers: Registry[]): void {
  const tries = new Histogram({
    name: 'capstan_teacher_try_seconds',
    help: 'Time of one try of a teacher, by what came of it',
    labelNames: ['task', 'result'],
    buckets: [0.01, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30, 60],
    registers,
  })
  const calls = new Counter({
    name: 'capstan_teacher_calls_total',
    help: 'Questions to a teacher, retries counted once, by their outcome',
    labelNames: ['task', 'result'],
    registers,
  })
  const cost = new Counter({
    name: 'capstan_teacher_cost_total',
    help: 'What a teacher may have charged, in units of the currency',
    labelNames: ['task', 'currency'],
    registers,
  })
  const circuit = new Gauge({
    name: 'capstan_teacher_circuit_open',
    help: '1 while a teacher that keeps failing is left in peace',
    labelNames: ['task'],
    registers,
  })
  platform.onTeacher((event) => {
    const { task } = event
    if (event.type === 'try-end') tries.observe({ task, result: event.result }, event.latencyMs / 1000)
    else if (event.type === 'circuit-change') circuit.set({ task }, event.state === 'open' ? 1 : 0)
    else {
      const { amountMicro, currency } = event.spent.costMax
      calls.inc({ task, result: event.result })
      cost.inc({ task, currency }, Number(amountMicro) / 1e6)
    }
  })
}
