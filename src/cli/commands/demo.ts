import { rm } from 'node:fs/promises'
import { fileURLToPath } from 'node:url'
import type { CommandBody } from '../command.ts'
import { printJson, printLine } from '../io.ts'
import { formatPrediction } from './predict.ts'
import { formatResult, trainWithProgress } from './train.ts'

const examples = (file: string) => fileURLToPath(new URL(`../../../examples/banking77/${file}`, import.meta.url))
/** A data folder of its own, made anew each time, so that nobody's models are touched. */
const projectFolder = '.capstan-demo'
const task = 'banking'
/** One epoch stays under three minutes on slow cores; two gain about a point. */
const settings = { epochs: 1 }
const predictionsShown = 5

export const run: CommandBody = async (context) => {
  const { io, json, options } = context
  await rm(projectFolder, { recursive: true, force: true })
  const platform = await context.openPlatform({ projectFolder })
  printLine(
    io.stderr,
    'Bank customers’ questions in 77 intents (Banking77, PolyAI, CC BY 4.0), one epoch, in this process:',
  )
  const request = {
    task,
    data: examples('train.csv'),
    test: examples('test.csv'),
    textColumn: 'text',
    labelColumn: 'category',
    settings,
  }
  const result = await trainWithProgress(context, platform, request)
  const { test } = result.report.data
  // Spread over the test questions, which training never saw.
  const shown = Array.from(
    { length: predictionsShown },
    (_, i) => test[Math.floor(((i + 0.5) * test.length) / predictionsShown)],
  ).filter((example) => example !== undefined)
  const { predictions } = await platform.predict(
    task,
    shown.map(({ text }) => text),
  )
  if (json) {
    const { run, model, cost, report } = result
    printJson(io, { run, model, cost, test: report.test, usage: report.usage, predictions })
    return 0
  }
  const print = (line = '') => printLine(io.stdout, line)
  for (const line of formatResult(platform, result, options.full ? {} : { classesMax: 10 })) print(line)
  print('\nPredictions on questions it has never seen:')
  for (const [i, prediction] of predictions.entries()) {
    print(`  ${JSON.stringify(shown[i]?.text)}`)
    print(
      `    ${formatPrediction(prediction)}${prediction.label === shown[i]?.label ? '' : `  [true: ${shown[i]?.label}]`}`,
    )
  }
  for (const line of nextSteps) print(line)
  return result.run.status === 'stopped' ? 130 : 0
}

const nextSteps = [
  '\nTry the model, with npx capstan, or capstan after npm link:',
  `  npx capstan predict --project ${projectFolder} --task ${task} "my card has not arrived"`,
  `  npx capstan serve --project ${projectFolder}`,
  `  npx capstan models --project ${projectFolder}`,
  'and then your own data:',
  '  npx capstan train tickets.csv --task support --text-column text --label-column label',
]
