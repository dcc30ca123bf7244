import { createInterface } from 'node:readline'
import { InvalidInputError } from '../../base/index.ts'
import type { Prediction, PredictionInput } from '../../contracts/index.ts'
import type { CommandBody } from '../command.ts'
import { type Io, printJson, printLine } from '../io.ts'
import { formatPrediction } from '../print-prediction.ts'
import { isFilePrediction, predictFile } from './predict-file.ts'

/** Texts of stdin are answered so many at a time. */
const batchRows = 256

export const run: CommandBody = async (context) => {
  if (isFilePrediction(context)) return predictFile(context)
  const { io, json, positionals, options, openPlatform } = context
  if (positionals.length === 0 && io.stdin.isTTY) throw noText()
  refuseEmpty(positionals)
  const given = options.pairs ? pairUp(positionals) : positionals
  const platform = await openPlatform()
  const answered: ({ input: PredictionInput } & Prediction)[] = []
  let count = 0
  let reference: unknown
  for await (const inputs of given.length > 0 ? [given] : readBatches(io, options.pairs === true)) {
    const { model, predictions } = await platform.predict(String(options.task), inputs)
    reference = model
    count += inputs.length
    for (const [i, prediction] of predictions.entries()) {
      if (json) answered.push({ input: inputs[i] as PredictionInput, ...prediction })
      else printLine(io.stdout, formatPrediction(prediction))
    }
  }
  if (count === 0) throw noText()
  if (json) printJson(io, { model: reference, predictions: answered })
  return 0
}

function noText(): InvalidInputError {
  return new InvalidInputError('cli.no-text', 'There is no text to answer', {
    hint: 'Give it as an argument, or pipe texts in, one a line.',
  })
}

/** Arguments two by two. */
function pairUp(texts: readonly string[]): PredictionInput[] {
  if (texts.length % 2 === 1) throw noPair(`${texts.length} texts make no pairs`)
  return texts.flatMap((text, i) => (i % 2 === 0 ? [{ text, text_pair: texts[i + 1] as string }] : []))
}

/** A line with a tab between its two texts. */
function splitPair(line: string, number: number): PredictionInput {
  const [text = '', textPair = '', ...more] = line.split('\t')
  if (text.trim() === '' || textPair.trim() === '' || more.length > 0) {
    throw noPair(`line ${number} is not two texts with one tab between them`)
  }
  return { text, text_pair: textPair }
}

function noPair(message: string): InvalidInputError {
  return new InvalidInputError('cli.no-pair', message, {
    hint: 'With --pairs, give both texts of each pair as arguments, or lines with a tab between the two.',
  })
}

async function* readBatches({ stdin }: Io, isPairs: boolean): AsyncGenerator<PredictionInput[]> {
  let batch: PredictionInput[] = []
  let number = 0
  for await (const line of createInterface({ input: stdin, crlfDelay: Number.POSITIVE_INFINITY })) {
    number++
    if (line.trim() === '') continue
    batch.push(isPairs ? splitPair(line, number) : line)
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
