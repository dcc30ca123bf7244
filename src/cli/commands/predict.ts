import { createInterface } from 'node:readline'
import { InvalidInputError } from '../../base/index.ts'
import type { Prediction } from '../../contracts/index.ts'
import type { CommandBody } from '../command.ts'
import { type Io, printJson, printLine } from '../io.ts'
import { formatPercent } from '../print-table.ts'

/** Texts of stdin are answered so many at a time. */
const batchRows = 256

export const run: CommandBody = async ({ io, json, positionals, options, openPlatform }) => {
  if (positionals.length === 0 && io.stdin.isTTY) throw noText()
  refuseEmpty(positionals)
  const platform = await openPlatform()
  const answered: ({ input: string } & Prediction)[] = []
  let count = 0
  let reference: unknown
  for await (const texts of positionals.length > 0 ? [positionals] : readBatches(io)) {
    const { model, predictions } = await platform.predict(String(options.task), texts)
    reference = model
    count += texts.length
    for (const [i, prediction] of predictions.entries()) {
      if (json) answered.push({ input: texts[i] as string, ...prediction })
      else printLine(io.stdout, formatPrediction(prediction))
    }
  }
  if (count === 0) throw noText()
  if (json) printJson(io, { model: reference, predictions: answered })
  return 0
}

function noText(): InvalidInputError {
  return new InvalidInputError('cli.no-text', 'There is no text to label', {
    hint: 'Give it as an argument, or pipe texts in, one a line.',
  })
}

/** "card_arrival  97.3 %  (then lost_or_stolen_card 1.2 %)". */
export function formatPrediction({ label, score, scores, truncated }: Prediction): string {
  const next = scores[1] ? `  (then ${scores[1].label} ${formatPercent(scores[1].score)})` : ''
  return `${label}  ${formatPercent(score)}${next}${truncated ? '  [only the beginning was read]' : ''}`
}

async function* readBatches({ stdin }: Io): AsyncGenerator<string[]> {
  let batch: string[] = []
  for await (const line of createInterface({ input: stdin, crlfDelay: Number.POSITIVE_INFINITY })) {
    if (line.trim() === '') continue
    batch.push(line)
    if (batch.length < batchRows) continue
    yield batch
    batch = []
  }
  if (batch.length > 0) yield batch
}

function refuseEmpty(texts: readonly string[]): void {
  const index = texts.findIndex((text) => text.trim() === '')
  if (index < 0) return
  throw new InvalidInputError('cli.empty-text', `Text ${index + 1} is empty`, {
    hint: 'Give a text with at least one word.',
  })
}
