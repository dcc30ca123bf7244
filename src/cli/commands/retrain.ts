import { formatMoney } from '../../contracts/index.ts'
import type { CommandBody } from '../command.ts'
import { printJson, printLine } from '../io.ts'
import { createTrainProgress } from '../progress.ts'

const outcomes = {
  promoted: 'is live now',
  shadow: 'answers beside the live one as its shadow',
  refused: 'stays a candidate: it is worse than the live one',
} as const

export const run: CommandBody = async ({ io, json, options, openPlatform }) => {
  const platform = await openPlatform()
  const progress = createTrainProgress(io)
  const abort = new AbortController()
  const leave = io.onSignal(() => abort.abort(new Error('stopped by its user')))
  try {
    const result = await platform.retrain(String(options.task), {
      ...(options.base === undefined ? {} : { base: String(options.base) }),
      settings: {
        ...(options.epochs === undefined ? {} : { epochs: Number(options.epochs) }),
        ...(options.seed === undefined ? {} : { seed: Number(options.seed) }),
      },
      signal: abort.signal,
      onEvent(event) {
        if (event.type === 'examples-ready') printLine(io.stderr, `Training on ${event.count} examples`)
        else if (event.type === 'fold-start') {
          progress.end()
          printLine(
            io.stderr,
            `Fold ${event.fold + 1} of ${event.folds}: a model that scores what it does not learn from`,
          )
        } else if (event.type === 'final-start') {
          progress.end()
          printLine(io.stderr, 'The model itself')
        } else progress.show(event)
      },
    })
    progress.end()
    if (json) {
      printJson(io, result)
      return 0
    }
    const { model, calibration, comparison, outcome, cost } = result
    const { accuracy, n, gate } = calibration
    printLine(io.stdout, `${model.task} version ${model.version} ${outcomes[outcome]}.`)
    printLine(
      io.stdout,
      `  right on ${(100 * accuracy).toFixed(1)} % of ${n} examples that the scoring model did not learn from`,
    )
    if (comparison) {
      const [low, high] = comparison.interval.map((share) => (100 * share).toFixed(1))
      printLine(
        io.stdout,
        `  against the live version: ${(100 * comparison.difference).toFixed(1)} points (${low} to ${high}) on ${comparison.n} examples, p ${comparison.p.toPrecision(2)}`,
      )
    }
    printLine(io.stdout, `  gate: ${gate.reason}`)
    printLine(io.stdout, `  cost: ${formatMoney(cost)}`)
    return 0
  } finally {
    progress.end()
    leave()
  }
}
