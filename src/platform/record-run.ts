import type { Choice, ComputeRates, Device, Usage } from '../contracts/index.ts'
import type { Registry, RunSeries } from '../registry/index.ts'
import { toRunEstimate } from './expected-usage.ts'
import type { FinetuneEvent } from './finetune.ts'
import { toEpochMetrics, toStepMetrics } from './run-metrics.ts'

/** Steps wait for one another this long, so that a fast run does not write for each of them. */
const writeMsMin = 1000

export type RunRecorder = {
  /** Takes note of what concerns the run; returns at once. */
  follow(event: FinetuneEvent): void
  /** Writes what is left. Rejects with the first failure to write. */
  end(): Promise<void>
}

/**
 * Writes a run's series into the registry while the run goes on: together at most once a second, at each checkpoint (so that
 * a run that goes on from it has no gap) and at the end.
 */
export function createRunRecorder({
  registry,
  run,
  usage,
  rates,
  device,
  choices,
}: {
  registry: Registry
  run: string
  usage: () => Usage
  rates: ComputeRates
  device: Device
  /** Made before training began. */
  choices: readonly Choice[]
}): RunRecorder {
  const made = [...choices]
  let waiting: RunSeries = { steps: [], epochs: [] }
  let writtenAt = Number.NEGATIVE_INFINITY
  let written: Promise<void> = Promise.resolve()
  let failure: { error: unknown } | null = null
  const enqueue = (write: () => Promise<void>) => {
    written = written.then(write).catch((error: unknown) => {
      failure ??= { error }
    })
  }
  const write = () => {
    const series = waiting
    waiting = { steps: [], epochs: [] }
    writtenAt = performance.now()
    enqueue(() => registry.recordSeries(run, series))
  }
  return {
    follow(event) {
      if (event.type === 'train-start') {
        const settings = { ...event.settings, precision: event.precision.precision }
        enqueue(() => registry.beginSeries(run, { settings, step: event.resumedAt }))
        enqueue(() => registry.recordChoices(run, [...made, ...event.choices]))
      } else if (event.type === 'texts-labelled') {
        const { texts, kept, confidenceMin } = event
        const reason = `of ${texts} texts without labels, those that a first model is sure of by ${confidenceMin}`
        made.push({ setting: 'labelledTexts', value: kept, reason, by: 'capstan' })
      } else if (event.type === 'step-end') waiting.steps.push(toStepMetrics(event))
      else if (event.type === 'epoch-end') waiting.epochs.push(toEpochMetrics(event))
      else if (event.type === 'estimate-ready') {
        const estimate = toRunEstimate(event.estimate, { spent: usage(), rates, device })
        enqueue(() => registry.recordEstimate(run, estimate))
      } else if (event.type === 'checkpoint') enqueue(() => registry.recordUsage(run, usage()))
      else return
      if (event.type === 'checkpoint' || performance.now() - writtenAt >= writeMsMin) write()
    },
    async end() {
      write()
      await written
      if (failure) throw failure.error
    },
  }
}
