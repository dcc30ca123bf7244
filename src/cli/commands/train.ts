import { InvalidInputError } from '../../base/index.ts'
import { adapterFiles, deviceSchema, formatMoney, type Rate, taskKindSchema } from '../../contracts/index.ts'
import type { Platform, PreparedData, TrainTaskRequest, TrainTaskResult } from '../../platform/index.ts'
import type { CommandBody, CommandContext, Values } from '../command.ts'
import { leaveAtOnce, printJson, printLine } from '../io.ts'
import { formatEstimate, formatFullEstimate } from '../print-estimate.ts'
import { printQueued } from '../print-queued.ts'
import { formatReport } from '../print-report.ts'
import { formatMib, formatUsage } from '../print-table.ts'
import { createTrainProgress } from '../progress.ts'
import { trainingOptions } from '../training-options.ts'

export const run: CommandBody = async (context) => {
  const { io, json, options } = context
  refuseTogether(options, ['estimate', 'resume', 'queue'])
  if (options.estimate) return estimate(context)
  if (options.queue) return enqueue(context)
  if (options.resume === undefined) readRequest(context)
  const platform = await context.openPlatform()
  const result = await withProgress(context, (hooks) => {
    if (options.resume === undefined) return platform.train({ ...readRequest(context), ...hooks })
    return platform.resume({ ...hooks, ...(options.resume === true ? {} : { run: String(options.resume) }) })
  })
  if (json) printJson(io, toJson(result))
  else for (const line of formatResult(platform, result)) printLine(io.stdout, line)
  if (!json) for (const line of nextSteps(result)) printLine(io.stdout, line)
  return result.run.status === 'stopped' ? 130 : 0
}

/** Predicts what the run would take, and trains nothing. */
async function estimate(context: CommandContext): Promise<number> {
  const { io, json } = context
  const request = readRequest(context)
  const platform = await context.openPlatform()
  const progress = createTrainProgress(io)
  const { data, ...result } = await platform
    .estimate({ ...request, onEvent: progress.show })
    .finally(() => progress.end())
  if (json) printJson(io, { ...result, data: withCounts(data) })
  else for (const line of formatFullEstimate(result.estimate)) printLine(io.stdout, line)
  return 0
}

/** Leaves the training to a worker. */
async function enqueue(context: CommandContext): Promise<number> {
  const { options } = context
  // Without the option it is the worker's device that trains.
  const device = options.device === undefined ? {} : { device: deviceSchema.parse(options.device) }
  const request = { ...readRequest(context), ...device }
  const job = await (await context.openPlatform()).enqueueTraining(request)
  return printQueued(context, job, 'trains it')
}

function refuseTogether(options: Values, names: readonly string[]): void {
  const given = names.filter((name) => options[name] !== undefined).map((name) => `--${name}`)
  if (given.length < 2) return
  throw new InvalidInputError(
    'cli.bad-usage',
    `capstan train takes ${given.join(' or ')}, not ${given.length === 2 ? 'both' : 'all'}`,
    {
      hint: '--estimate predicts a run, --queue leaves it to capstan worker, --resume goes on with one that was interrupted.',
    },
  )
}

function readRequest({ positionals: [data], options }: CommandContext): TrainTaskRequest {
  if (data === undefined || options.task === undefined) {
    const missing = [...(data === undefined ? ['<data>'] : []), ...(options.task === undefined ? ['--task'] : [])]
    throw new InvalidInputError('cli.bad-usage', `capstan train needs ${missing.join(' and ')}`, {
      hint: 'capstan train tickets.csv --task support, or capstan train --resume to go on with an interrupted run',
    })
  }
  return {
    task: String(options.task),
    data,
    ...textOptions(options, ['test', 'unlabelled', 'base', 'tensorboard', ...columnOptions]),
    ...(options.kind === undefined ? {} : { kind: taskKindSchema.parse(options.kind) }),
    ...(options.skipBadRows ? { skipBadRows: true } : {}),
    ...(options.promote ? { promote: true } : {}),
    ...(options.checkpointSeconds === undefined ? {} : { checkpointSeconds: Number(options.checkpointSeconds) }),
    settings: readSettings(options),
  }
}

type TrainHooks = Pick<TrainTaskRequest, 'onEvent' | 'signal'>

/** Trains while showing progress; the first signal ends the run with the best model, the second leaves at once. */
export async function withProgress(
  { io }: CommandContext,
  train: (hooks: TrainHooks) => Promise<TrainTaskResult>,
): Promise<TrainTaskResult> {
  const progress = createTrainProgress(io)
  const stop = new AbortController()
  const leave = io.onSignal(() => {
    if (stop.signal.aborted) leaveAtOnce()
    progress.end()
    printLine(io.stderr, 'Stopping after this step; the best model so far is kept. Once more leaves at once.')
    stop.abort()
  })
  try {
    return await train({ signal: stop.signal, onEvent: progress.show })
  } finally {
    progress.end()
    leave()
  }
}

/** What training gave: the report, its cost, and the version that holds the model. */
export function formatResult(
  platform: Platform,
  { run, model, cost, report }: TrainTaskResult,
  options: { classesMax?: number } = {},
): string[] {
  const { usage, training } = report
  const { cpuHour, gpuHour } = platform.config.rates
  const rates = [
    formatRate(cpuHour, 'CPU-hour'),
    ...(gpuHour && usage.gpuSeconds > 0 ? [formatRate(gpuHour, 'GPU-hour')] : []),
  ]
  const ends = {
    epochs: 'all epochs done',
    patience: `no better epoch in ${training.settings.patience}`,
    stop: 'stopped by a signal, the best model so far is kept',
  }
  return [
    '',
    ...formatReport(report.test, options),
    '',
    `run       ${training.stepCount} steps, ${ends[training.endedBy]}; epoch ${training.bestEpoch} is kept`,
    ...(run.estimate ? [`estimated ${formatEstimate(run.estimate)}`] : []),
    `used      ${formatUsage(usage)}`,
    `cost      ${formatMoney(cost)} at ${rates.join(' and ')}`,
    ...formatAdapter(model),
    `model     ${model.task} version ${model.version}, ${model.stage}, ${formatMib(model.sizeBytes)}, from run ${run.id}`,
  ]
}

function formatRate({ amount, currency, date, source }: Rate, per: string): string {
  return `${amount} ${currency} per ${per} (${date}: ${source})`
}

/** Of a version that was saved without its base. */
function formatAdapter({ files, lineage }: TrainTaskResult['model']): string[] {
  const tensors = files.find(({ path }) => path === adapterFiles.tensors)
  if (!tensors) return []
  return [`adapter   ${formatMib(tensors.sizeBytes)} of weights beside those of ${lineage.base.name}`]
}

function nextSteps({ model: { task, version, stage } }: TrainTaskResult): string[] {
  return [
    '',
    'Next:',
    ...(stage === 'live' ? [] : [`  capstan promote ${version} --task ${task}`]),
    `  capstan predict --task ${task} "a text of yours"`,
    '  capstan serve',
    `  capstan models --task ${task}`,
  ]
}

/** The JSON form: the report without the texts that were read. */
function toJson({ run, model, cost, report }: TrainTaskResult) {
  const { data, base, training, test, usage } = report
  return { run, model, cost, test, usage, base, training, data: withCounts(data) }
}

function withCounts({ train, validation, test, unlabelled, ...rest }: PreparedData) {
  const counts = { train: train.length, validation: validation.length, test: test.length }
  return { ...rest, counts: { ...counts, unlabelled: unlabelled.length } }
}

export function readSettings(options: Values): NonNullable<TrainTaskRequest['settings']> {
  const given = Object.keys(trainingOptions).filter((name) => options[name] !== undefined)
  return Object.fromEntries(given.map((name) => [name, options[name]]))
}

/** Options that say where in a file texts and answers stand. */
export const columnOptions = ['textColumn', 'labelColumn', 'pairColumn', 'negativeColumn', 'labelSeparator'] as const

/** Those of the named options that were given. */
export function textOptions<Name extends string>(
  options: Values,
  names: readonly Name[],
): Partial<Record<Name, string>> {
  const given = names.filter((name) => options[name] !== undefined)
  return Object.fromEntries(given.map((name) => [name, String(options[name])])) as Partial<Record<Name, string>>
}
