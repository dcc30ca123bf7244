import { UnsupportedError } from '../base/index.ts'
import type { Choice, RunEstimate } from '../contracts/index.ts'
import type { BaseModel } from '../registry/index.ts'
import { requireDevice } from '../runtime/index.ts'
import { startEstimate, type TrainingSettings } from '../training/index.ts'
import type { PlatformContext } from './create-platform.ts'
import { toRunEstimate } from './expected-usage.ts'
import { openBase } from './finetune.ts'
import { measureUsage } from './measure-usage.ts'
import { defaultSeed, type PreparedData, prepareData } from './prepare-data.ts'
import { refuseBadName, type TrainTaskRequest } from './train-task.ts'
import { openTrainingFolder } from './training-folder.ts'

export type EstimateTaskResult = {
  estimate: RunEstimate
  settings: TrainingSettings
  choices: Choice[]
  data: PreparedData
  base: BaseModel
}

/** Predicts what `trainTask` would use and cost, by doing what it does up to the first step and timing steps that change nothing. */
export async function estimateTask(
  { store, config }: PlatformContext,
  { onEvent = () => {}, ...request }: TrainTaskRequest,
): Promise<EstimateTaskResult> {
  const { device = 'cpu' } = request
  refuseBadName(request.task)
  if (request.unlabelled !== undefined) {
    throw new UnsupportedError('platform.no-estimate', 'A run with unlabelled texts cannot be estimated', {
      hint: 'How many of them it learns from is known only when a first model has labelled them. The run itself says what is left of its second training.',
    })
  }
  await requireDevice(device)
  const data = await prepareData({ ...request, seed: request.settings?.seed ?? defaultSeed })
  const usage = measureUsage({ device })
  const folder = openTrainingFolder(store.folder, 'estimate')
  const { base, request: training } = await openBase({
    ...request,
    data,
    folder: folder.model,
    checkpoint: { folder: folder.checkpoint },
    cacheFolder: store.folder,
    onEvent,
  })
  try {
    const { probed, settings, choices, ...estimate } = await startEstimate(training, onEvent)
    const { wallSeconds, cpuSeconds, gpuSeconds, memoryBytesPeak } = usage()
    const spent = {
      wallSeconds: wallSeconds - probed.seconds,
      cpuSeconds: Math.max(0, cpuSeconds - probed.cpuSeconds),
      gpuSeconds: Math.max(0, gpuSeconds - probed.seconds),
      energyJoules: null,
      memoryBytesPeak,
    }
    return {
      estimate: toRunEstimate(estimate, { spent, rates: config.rates, device }),
      settings,
      choices: [...data.choices, ...choices],
      data,
      base,
    }
  } finally {
    await folder.remove()
  }
}
