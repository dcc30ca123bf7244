import { fileURLToPath } from 'node:url'
import { predictionsOf } from '../../contracts/index.ts'
import type { CommandBody } from '../command.ts'
import { printJson, printLine } from '../io.ts'
import { formatPrediction } from '../print-prediction.ts'
import { formatResult, withProgress } from './train.ts'

const examples = (file: string) => fileURLToPath(new URL(`../../../examples/banking77/${file}`, import.meta.url))
/** A project of its own, so that nobody's models are touched; each demo adds a version to it. */
const demoProject = '.capstan-demo'
const task = 'banking'
/** Few epochs, so that nobody waits long; docs/recipe.md has what more of them gain. */
const demoSettings = { epochs: 2 }
const predictionsShown = 5

export const run: CommandBody = async (context) => {
  const { io, json, options } = context
  const projectFolder = String(options.project ?? demoProject)
  const platform = await context.openPlatform({ projectFolder })
  printLine(
    io.stderr,
    'Bank customers’ questions in 77 intents (Banking77, PolyAI, CC BY 4.0), trained on this machine:',
  )
  const request = {
    task,
    data: examples('train.csv'),
    test: examples('test.csv'),
    textColumn: 'text',
    labelColumn: 'category',
    settings: demoSettings,
    promote: true,
  }
  const result = await withProgress(context, (hooks) => platform.train({ ...request, ...hooks }))
  const { test } = result.report.data
  // Spread over the test questions, which training never saw.
  const shown = Array.from(
    { length: predictionsShown },
    (_, i) => test[Math.floor(((i + 0.5) * test.length) / predictionsShown)],
  ).flatMap((example) =>
    example?.answer.kind === 'class' ? [{ text: example.text, label: example.answer.label }] : [],
  )
  const answer = await platform.predict(
    task,
    shown.map(({ text }) => text),
  )
  const predictions = predictionsOf(answer.predictions, 'classify')
  const exitCode = result.run.status === 'stopped' ? 130 : 0
  if (json) {
    const { run, model, cost, report } = result
    const answered = predictions.map((prediction, i) => ({
      input: shown[i]?.text,
      actual: shown[i]?.label,
      ...prediction,
    }))
    printJson(io, { run, model, cost, test: report.test, usage: report.usage, predictions: answered })
    return exitCode
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
  for (const line of nextSteps(projectFolder)) print(line)
  return exitCode
}

function nextSteps(projectFolder: string): string[] {
  return [
    '\nTry the model, with npx capstan, or capstan after npm link:',
    `  npx capstan predict --project ${projectFolder} --task ${task} "my card has not arrived"`,
    `  npx capstan serve --project ${projectFolder}`,
    `  npx capstan models --project ${projectFolder}`,
    'and then your own data:',
    '  npx capstan train tickets.csv --task support --text-column text --label-column label',
  ]
}
