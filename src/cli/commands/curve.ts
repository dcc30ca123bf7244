import { InvalidInputError } from '../../base/index.ts'
import { formatMoney, taskKindSchema } from '../../contracts/index.ts'
import type { CurveEvent, CurveRequest, CurveResult } from '../../platform/index.ts'
import type { CommandBody, CommandContext } from '../command.ts'
import { type Io, leaveAtOnce, printJson, printLine } from '../io.ts'
import { compareBases, formatCurve } from '../print-curve.ts'
import { printQueued } from '../print-queued.ts'
import { createTrainProgress } from '../progress.ts'
import { columnOptions, readSettings, textOptions } from './train.ts'

export const run: CommandBody = async (context) => {
  const { io, json } = context
  const request = readRequest(context)
  if (context.options.queue) return enqueue(context, request)
  const platform = await context.openPlatform()
  const progress = createCurveProgress(io)
  const abort = new AbortController()
  const leave = io.onSignal(() => {
    if (abort.signal.aborted) leaveAtOnce()
    progress.end()
    printLine(io.stderr, 'Stopping after this step; what is measured is kept. Once more leaves at once.')
    abort.abort()
  })
  try {
    const result = await platform.curve({ ...request, signal: abort.signal, onEvent: progress.show })
    progress.end()
    if (json) printJson(io, result)
    else for (const line of formatCurveResult(result)) printLine(io.stdout, line)
    return 0
  } catch (error) {
    if (abort.signal.aborted && error === abort.signal.reason) return 130
    throw error
  } finally {
    progress.end()
    leave()
  }
}

/** Leaves the curve to a worker. */
async function enqueue(context: CommandContext, request: CurveRequest): Promise<number> {
  const job = await (await context.openPlatform()).enqueueCurve(request)
  return printQueued(context, job, 'measures it; the same command without --queue then shows it at once')
}

function readRequest({ positionals: [data], options }: CommandContext): CurveRequest {
  const bases = options.bases as string[] | undefined
  return {
    task: String(options.task),
    ...(data === undefined ? {} : { data }),
    ...textOptions(options, ['test', ...columnOptions]),
    ...(options.kind === undefined ? {} : { kind: taskKindSchema.parse(options.kind) }),
    ...(options.skipBadRows ? { skipBadRows: true } : {}),
    bases,
    sizes: readSizes(options.sizes, '--sizes'),
    at: readSizes(options.at, '--at'),
    seeds: options.seeds as number | undefined,
    target: options.target as number | undefined,
    settings: readSettings(options),
  }
}

function readSizes(given: unknown, flag: string): number[] | undefined {
  if (given === undefined) return undefined
  const texts = given as string[]
  const wrong = texts.filter((text) => !/^[1-9]\d*$/.test(text.trim()))
  if (wrong.length === 0) return texts.map(Number)
  throw new InvalidInputError('cli.bad-usage', `${flag} takes numbers of labels, and not ${wrong.join(', ')}`, {
    hint: `Separate whole numbers by commas: ${flag} 500,1000,2000`,
  })
}

export function createCurveProgress(io: Io) {
  const progress = createTrainProgress(io)
  const say = (line: string) => {
    progress.end()
    printLine(io.stderr, line)
  }
  return {
    end: progress.end,
    show(event: CurveEvent) {
      switch (event.type) {
        case 'sizes-ready':
          say(
            `data      ${event.train} examples to train on, ${event.test} to test; sizes ${event.sizes.join(', ')}: ` +
              `${event.trainings} trainings${event.known > 0 ? `, and ${event.known} that were made before` : ''}`,
          )
          break
        case 'point-start':
          say(
            `training  ${event.index + 1} of ${event.trainings}: ${event.labels} labels, seed ${event.seed}, ${event.base}`,
          )
          break
        case 'point-end': {
          const { labels, score } = event.point
          say(`          ${labels} labels: ${score.name} ${(100 * score.value).toFixed(1)} %`)
          break
        }
        // Settings and epochs of each of many trainings would bury the scores.
        case 'step-end':
          progress.show(event)
      }
    },
  }
}

export function formatCurveResult({ task, testExamples, curves, cost, target }: CurveResult): string[] {
  return [
    ...curves.flatMap((curve) => [...formatCurve(curve, { task, testExamples, target }), '']),
    ...(curves.length > 1 ? [...compareBases(curves), ''] : []),
    cost ? `cost      ${formatMoney(cost)} of compute, booked` : 'cost      nothing: all of it was measured before',
  ]
}
