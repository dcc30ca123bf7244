import type { Platform, WorkerEvent } from '../../platform/index.ts'
import type { CommandBody, CommandContext } from '../command.ts'
import { type Io, leaveAtOnce, printJson, printLine } from '../io.ts'
import { printError } from '../print-error.ts'
import { createTrainProgress } from '../progress.ts'
import { formatResult } from './train.ts'

type JobOutcome = { job: string; task: string } & (
  | { status: 'succeeded'; run: string; model: string }
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
  const progress = createTrainProgress(io)
  const show = (event: WorkerEvent) => {
    const { job, request } = event
    // Bars of several trainings would write over one another.
    if (event.type === 'job-progress') return concurrency === 1 ? progress.show(event.event) : undefined
    progress.end()
    const print = (line: string) => printLine(json ? io.stderr : io.stdout, line)
    if (event.type === 'job-start') print(`job ${job}: training ${request.task} on ${request.data}`)
    else if (event.type === 'job-failed') {
      print(`job ${job}: failed`)
      printError(event.error, { io, json: false, debug: false })
    } else if (event.type === 'retrain-end') {
      print(`job ${job}: ${request.task} version ${event.result.model.version}, ${event.result.outcome}`)
    } else {
      if (!json) for (const line of formatResult(platform, event.result)) print(line)
      print(`job ${job}: done`)
    }
  }
  return { show, end: progress.end }
}

function toOutcome(event: WorkerEvent): JobOutcome | null {
  const about = { job: event.job, task: event.request.task }
  if (event.type === 'job-end') {
    return { ...about, status: 'succeeded', run: event.result.run.id, model: event.result.model.id }
  }
  if (event.type === 'retrain-end') {
    const { model } = event.result
    return { ...about, status: 'succeeded', run: model.lineage.run, model: model.id }
  }
  if (event.type !== 'job-failed') return null
  const { error } = event
  return { ...about, status: 'failed', error: error instanceof Error ? error.message : String(error) }
}
