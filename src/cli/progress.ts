import type { FinetuneEvent } from '../platform/index.ts'
import { createBar, lineSecondsMin } from './create-bar.ts'
import { type Io, printLine } from './io.ts'
import { formatChoices } from './print-choices.ts'
import { formatExpectedTime } from './print-estimate.ts'
import { formatPrimary } from './print-report.ts'
import { formatMib, formatSeconds } from './print-table.ts'

/** Weight of the newest step in the running means. */
const smoothing = 0.05

/** Shows a run's events on stderr: a bar on a terminal, lines elsewhere. */
export function createTrainProgress({ stderr }: Io): { show(event: FinetuneEvent): void; end(): void } {
  const bar = createBar({ stderr })
  let lastLine = Number.NEGATIVE_INFINITY
  let loss = Number.NaN
  let rate = Number.NaN
  let secondsPerStep = Number.NaN
  const mean = (old: number, value: number) => (Number.isNaN(old) ? value : old + smoothing * (value - old))
  const end = () => {
    if (bar?.isActive) bar.stop()
  }
  const say = (line: string) => {
    end()
    printLine(stderr, line)
  }
  /** True as often as a line may be printed where there is no bar. */
  const isLineDue = () => {
    if (performance.now() - lastLine < 1000 * lineSecondsMin) return false
    lastLine = performance.now()
    return true
  }
  const draw = (done: number, total: number, what: string) => {
    if (!bar) {
      if (isLineDue()) printLine(stderr, `${Math.floor((100 * done) / total)} %  ${what}`)
    } else if (bar.isActive) bar.update(done, { what })
    else bar.start(total, done, { what })
  }

  const showStep = (event: Extract<FinetuneEvent, { type: 'step-end' }>) => {
    loss = mean(loss, event.loss)
    rate = mean(rate, event.tokens / event.seconds)
    secondsPerStep = mean(secondsPerStep, event.seconds)
    const left = formatSeconds((event.stepCount - event.step) * secondsPerStep)
    draw(event.step, event.stepCount, `loss ${loss.toFixed(3)}  ${rate.toFixed(0)} tokens/s  ${left} left`)
  }

  return {
    show(event) {
      if (event.type === 'step-end') showStep(event)
      else if (event.type === 'labeller-step') showStep(event.event)
      else if (event.type === 'base-progress') {
        const { file, receivedBytes, totalBytes } = event.progress
        draw(receivedBytes, totalBytes, `${file}, ${formatMib(receivedBytes)} of ${formatMib(totalBytes)}`)
      } else for (const line of describeEvent(event)) say(line)
    },
    end,
  }
}

type DataReady = Extract<FinetuneEvent, { type: 'data-ready' }>['data']

function describeEvent(
  event: Exclude<FinetuneEvent, { type: 'step-end' | 'labeller-step' | 'base-progress' }>,
): string[] {
  switch (event.type) {
    case 'data-ready':
      return [...describeData(event.data), ...formatChoices(event.data.choices)]
    case 'base-ready':
      return [`base      ${event.base.name} (${event.base.source})`]
    case 'train-start': {
      const { settings, parameterCount, stepCount, resumedAt, precision } = event
      const head = settings.head === 'cosine' ? 'cosine head from class centroids' : 'linear head'
      return [
        ...(resumedAt > 0 ? [`resuming  after step ${resumedAt} of ${stepCount}`] : []),
        `training  ${(parameterCount / 1e6).toFixed(1)} M weights, ${head}, ${settings.pooling} pooling, ` +
          `${settings.epochs} ${settings.epochs === 1 ? 'epoch' : 'epochs'} at most (${stepCount} steps of ${settings.tokensPerBatch} tokens), seed ${settings.seed}`,
        ...formatChoices(event.choices),
        ...(precision.reason ? [`precision ${precision.precision}: ${precision.reason}`] : []),
      ]
    }
    case 'estimate-ready': {
      const { seconds, secondsInterval } = event.estimate.left
      return [`estimate  ${formatExpectedTime(seconds, secondsInterval)} left`]
    }
    case 'checkpoint':
      return []
    case 'epoch-end': {
      const { epoch, isBest } = event
      const { report } = event.validation
      const when = epoch === 0 ? 'before the first step' : `epoch ${epoch}`
      return [`${when}: ${report.count > 0 ? `validation ${formatPrimary(report)}` : 'done'}${isBest ? ', kept' : ''}`]
    }
    case 'labeller-start':
      return [
        `unlabelled ${event.texts}: a model that learns from the ${event.examples} labelled texts labels them first`,
      ]
    case 'texts-labelled': {
      const { kept, texts, confidenceMin } = event
      return [
        `unlabelled ${kept} of ${texts} have a label that is ${confidenceMin} sure: the model that stays learns from them too`,
      ]
    }
    case 'tensorboard-failed':
      return [`tensorboard: nothing more is written to ${event.folder}: ${event.error.message}`]
    case 'evaluation-start':
      return [`testing on ${event.count} texts that training never saw`]
  }
}

/** ", 77 labels", or the range of numbers; nothing for matches. */
function describeAnswers({ labels, values }: DataReady['summary']): string {
  if (values) return `, numbers from ${values.min} to ${values.max}`
  return labels > 0 ? `, ${labels} labels` : ''
}

function describeData({
  kind,
  pairs,
  train,
  validation,
  test,
  summary,
  columns,
  skippedByKind,
  duplicatesOfTest,
}: DataReady): string[] {
  const skipped = Object.entries(skippedByKind)
  const names = Object.values(columns)
  return [
    `data      ${summary.rows} ${pairs ? 'pairs' : 'rows'}${describeAnswers(summary)} ` +
      `(columns ${names.slice(0, -1).join(', ')} and ${names.at(-1)}${kind === 'classify' ? '' : `, to ${kind}`}): ` +
      `${train.length} to train, ${validation.length > 0 ? `${validation.length} to choose the epoch, ` : ''}${test.length} to test`,
    ...skipped.map(([kind, count]) => `          ${count} rows skipped: ${kind}`),
    ...(duplicatesOfTest > 0
      ? [`          ${duplicatesOfTest} rows left out: the test file has them too, or nearly`]
      : []),
    ...(summary.conflicts.length > 0
      ? [
          `          ${summary.conflicts.length} ${summary.conflicts.length === 1 ? 'text stands' : 'texts stand'} under several labels, the first on line ${summary.conflicts[0]?.lines.join(' and ')}`,
        ]
      : []),
  ]
}
