import { userInfo } from 'node:os'
import { createInterface } from 'node:readline/promises'
import { CapstanError } from '../../base/index.ts'
import type { LabelQuestion, LabelReport } from '../../contracts/index.ts'
import type { CommandBody, CommandContext } from '../command.ts'
import { printJson, printLine } from '../io.ts'

type Platform = Awaited<ReturnType<CommandContext['openPlatform']>>

export const run: CommandBody = async (context) => {
  const { io, json, options } = context
  const task = String(options.task)
  const annotator = String(options.annotator ?? userInfo().username)
  const platform = await context.openPlatform()
  const { labelling } = platform
  if (options.report === true) {
    const report = await labelling.report(task)
    if (json) printJson(io, report)
    else for (const line of describeReport(report)) printLine(io.stdout, line)
    return 0
  }
  if (options.choose !== undefined) {
    const added = await labelling.queue({ task, count: Number(options.choose) })
    if (json) printJson(io, { added })
    else printLine(io.stdout, `${added} requests were put into the queue: label them with capstan label --task ${task}`)
    return 0
  }
  const questions = await labelling.list({ task, annotator, limit: Number(options.limit ?? 20) })
  if (options.list === true || json) {
    if (json) printJson(io, { questions })
    else for (const { id, text } of questions) printLine(io.stdout, `${id}  ${text}`)
    return 0
  }
  return labelInTurn({ ...context, platform, task, annotator, questions })
}

/** Asks for each label; an empty line leaves a question, end of input ends. */
async function labelInTurn(
  context: CommandContext & {
    platform: Platform
    task: string
    annotator: string
    questions: readonly LabelQuestion[]
  },
): Promise<number> {
  const { io, platform, task, annotator, questions } = context
  if (questions.length === 0) {
    printLine(
      io.stdout,
      `Nothing waits for ${annotator}. capstan label --task ${task} --choose 20 picks requests worth asking about.`,
    )
    return 0
  }
  const labels = Object.keys(platform.taskSettings(task)?.labels ?? {})
  for (const [i, label] of labels.entries()) printLine(io.stdout, `${String(i + 1).padStart(4)}  ${label}`)
  const lines = createInterface({ input: io.stdin, terminal: false })[Symbol.asyncIterator]()
  let given = 0
  for (const [i, question] of questions.entries()) {
    printLine(io.stdout, `\n[${i + 1} of ${questions.length}] ${question.text}`)
    if (question.textPair !== null) printLine(io.stdout, `        ${question.textPair}`)
    for (;;) {
      io.stdout.write('label (name or number, empty to leave): ')
      const { value, done } = await lines.next()
      if (done) return finish(io, given)
      if (value.trim() === '') break
      const label = labels[Number(value) - 1] ?? value.trim()
      try {
        const { isSettled } = await platform.labelling.answer(question.id, { task, annotator, label })
        given++
        if (!isSettled) printLine(io.stdout, 'It counts once others say the same.')
        break
      } catch (error) {
        if (!(error instanceof CapstanError) || error.code !== 'flywheel.bad-label') throw error
        printLine(io.stdout, `${error.message}. ${error.hint}`)
      }
    }
  }
  return finish(io, given)
}

function finish(io: CommandContext['io'], given: number): number {
  printLine(io.stdout, `\n${given} ${given === 1 ? 'label' : 'labels'} given.`)
  return 0
}

function describeReport({ task, annotators, alpha, compared, noise, errors }: LabelReport): string[] {
  return [
    alpha === null
      ? `${task}: ${annotators} annotators, none of whose answers can be compared.`
      : `${task}: ${annotators} annotators, Krippendorff's alpha ${alpha.toFixed(3)} over ${compared} questions.`,
    noise === null
      ? 'Likely label errors need a version trained by capstan retrain.'
      : `About ${(100 * noise).toFixed(1)} % of the labels are wrong by the out-of-fold scores. The most likely:`,
    ...errors.map(({ given, suggested, text }) => `  ${given} → ${suggested}?  ${text}`),
  ]
}
