import type { Platform, WorkerEvent } from '../../platform/index.ts'
import { createBatchProgress } from '../batch-progress.ts'
import type { CommandBody, CommandContext } from '../command.ts'
import { type Io, leaveAtOnce, printJson, printLine } from '../io.ts'
import { printError } from '../print-error.ts'
import { createTrainProgress } from '../progress.ts'
import { createCurveProgress, formatCurveResult } from './curve.ts'
import { formatFileResult } from './predict-file.ts'
import { formatResult } from './train.ts'

type EndEvent = Extract<WorkerEvent, { type: 'train-end' | 'retrain-end' | 'predict-end' | 'curve-end' }>

type JobOutcome = { job: string; task: string } & (
  | { status: 'succeeded'; model?: string; run?: string; output?: string }
  | { status: 'failed'; error: string }
)

export const run: CommandBody = async (context) => {
  const { io, json, options } = context
  const concurrency = Number(options.concurrency ?? 1)
  const platform = await context.openPlatform()
  const outcomes: JobOutcome[] = []
  const printer = createPrinter(context, platform, concurrency)
  const onEvent = (event: WorkerEvent) => {
    printer.show(event)
    const outcome = toOutcome(event)
    if (outcome) outcomes.push(outcome)
  }
  // Before the first job: a signal may come while the worker starts.
  const signals = listen(io)
  const worker = await platform.startWorker({ concurrency, onEvent })
  printLine(io.stderr, 'Waiting for jobs (stop with Ctrl-C).')
  await signals.first
  const { length } = worker.underway
  if (length > 0) {
    printer.end()
    printLine(
      io.stderr,
      `Finishing ${length === 1 ? 'the job' : `${length} jobs`} under way. Once more puts ${length === 1 ? 'it' : 'them'} back for another worker.`,
    )
    signals.onLater(async () => {
      await worker.giveBack()
      leaveAtOnce()
    })
  }
  await worker.stop()
  printer.end()
  if (json) printJson(io, { jobs: outcomes })
  return 0
}

/** The first signal resolves `first`; later ones do what `onLater` was given, if anything. */
function listen(io: Io) {
  let isFirst = true
  let handler = () => {}
  const first = new Promise<void>((resolve) => {
    io.onSignal(() => {
      if (!isFirst) handler()
      isFirst = false
      resolve()
    })
  })
  const onLater = (given: () => void) => {
    handler = given
  }
  return { first, onLater }
}

function createPrinter({ io, json }: CommandContext, platform: Platform, concurrency: number) {
  const training = createTrainProgress(io)
  const predicting = createBatchProgress(io)
  const measuring = createCurveProgress(io)
  const end = () => {
    training.end()
    predicting.end()
    measuring.end()
  }
  const print = (line: string) => printLine(json ? io.stderr : io.stdout, line)
  const show = (event: WorkerEvent) => {
    const { job } = event
    // Bars of several jobs would write over one another.
    if (event.type === 'train-progress') return concurrency === 1 ? training.show(event.event) : undefined
    if (event.type === 'predict-progress') return concurrency === 1 ? predicting.show(event.event) : undefined
    if (event.type === 'curve-progress') return concurrency === 1 ? measuring.show(event.event) : undefined
    end()
    if (event.type === 'job-start') print(`job ${job}: ${event.what}`)
    else if (event.type === 'job-failed') {
      print(`job ${job}: failed`)
      printError(event.error, { io, json: false, debug: false })
    } else {
      if (!json) for (const line of describe(event)) print(line)
      print(`job ${job}: done`)
    }
  }
  const describe = (event: EndEvent): string[] => {
    if (event.type === 'train-end') return formatResult(platform, event.result)
    if (event.type === 'predict-end') return formatFileResult(event.result)
    if (event.type === 'curve-end') return formatCurveResult(event.result)
    return [`${event.task} version ${event.result.model.version}, ${event.result.outcome}`]
  }
  return { show, end }
}

function toOutcome(event: WorkerEvent): JobOutcome | null {
  const about = { job: event.job, task: event.task }
  if (event.type === 'train-end') {
    return { ...about, status: 'succeeded', run: event.result.run.id, model: event.result.model.id }
  }
  if (event.type === 'retrain-end') {
    const { model } = event.result
    return { ...about, status: 'succeeded', run: model.lineage.run, model: model.id }
  }
  if (event.type === 'predict-end') {
    const { model, output } = event.result
    return { ...about, status: 'succeeded', model: model.id, output }
  }
  if (event.type === 'curve-end') return { ...about, status: 'succeeded' }
  if (event.type !== 'job-failed') return null
  const { error } = event
  return { ...about, status: 'failed', error: error instanceof Error ? error.message : String(error) }
}
