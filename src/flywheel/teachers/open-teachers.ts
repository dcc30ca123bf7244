import { resolve } from 'node:path'
import {
  CapstanError,
  type Clock,
  InvalidInputError,
  type Random,
  type Sleep,
  systemClock,
  systemSleep,
} from '../../base/index.ts'
import {
  parseAmountMicro,
  type TaskConfig,
  type TaughtKind,
  type TeacherConfig,
  type TeacherConfigOf,
} from '../../contracts/index.ts'
import { labelsOf, readExamples } from '../../data/index.ts'
import type { PromptExample } from './build-prompt.ts'
import { type BudgetStore, createDailyBudget } from './daily-budget.ts'
import { type GuardedTeacher, type GuardOptions, guardTeacher } from './guard-teacher.ts'
import { createHttpTeacher } from './http-teacher.ts'
import { createHumanTeacher, type LabelQueue } from './human-teacher.ts'
import { createOpenaiTeacher } from './openai-teacher.ts'
import { readAnswer } from './read-answer.ts'
import { createReplayTeacher } from './replay-teacher.ts'
import type { TaughtTask, Teacher, TeacherEvent } from './teacher.ts'

export type OpenTeachersOptions = {
  tasks: Readonly<Record<string, TaskConfig>>
  /** Where relative files of the configuration are found. */
  folder: string
  budgetStore: BudgetStore
  labelQueue: LabelQueue
  /** Where keys come from; default: the process's environment. */
  environment?: Readonly<Record<string, string | undefined>>
  clock?: Clock
  sleep?: Sleep
  random?: Random
  onEvent?: (event: TeacherEvent) => void
}

type Opening = { task: TaughtTask; settings: TaskConfig; options: OpenTeachersOptions; faults: string[] }

/**
 * The guarded teacher of each task that has one, by the task's name. Throws one InvalidInputError `teacher.bad-setup` that
 * lists every mistake of all tasks: missing keys, unusable files, examples that are no answers.
 */
export async function openTeachers(options: OpenTeachersOptions): Promise<Map<string, GuardedTeacher>> {
  const faults: string[] = []
  const guarded = new Map<string, GuardedTeacher>()
  for (const [name, settings] of Object.entries(options.tasks)) {
    if (!settings.teacher) continue
    const opening: Opening = { task: toTaughtTask(name, settings), settings, options, faults: [] }
    const teacher = await openTeacher(settings.teacher, opening)
    faults.push(...opening.faults.map((fault) => `\n  tasks.${name}.teacher: ${fault}`))
    if (teacher) guarded.set(name, guardTeacher({ ...guardOptions(opening, settings.teacher), teacher }))
  }
  if (faults.length === 0) return guarded
  throw new InvalidInputError('teacher.bad-setup', `Teachers cannot begin their work:${faults.join('')}`, {
    hint: 'docs/teachers.md says what each needs.',
  })
}

function guardOptions({ task, settings, options }: Opening, { limits }: TeacherConfig): Omit<GuardOptions, 'teacher'> {
  const { budgetStore: store, clock = systemClock, sleep, random, onEvent } = options
  const cap = settings.teacherBudgetPerDay
  const budget = cap && createDailyBudget({ task: task.name, capMicro: parseAmountMicro(cap.amount), store, clock })
  return { task: task.name, limits, budget, clock, sleep, random, onEvent }
}

/** Undefined where a mistake leaves nothing to open; every mistake is in `opening.faults`. */
async function openTeacher(config: TeacherConfig, opening: Opening): Promise<Teacher | undefined> {
  const { task, options } = opening
  if (config.type === 'human') {
    return createHumanTeacher({ task, config, queue: options.labelQueue, sleep: options.sleep ?? systemSleep })
  }
  if (config.type === 'replay') return openReplay(config, opening)
  if (config.type === 'http') {
    const headers = Object.entries(config.headersEnv).map(([name, variable]) => [
      name,
      readSecret(variable, opening) ?? '',
    ])
    return createHttpTeacher({ task, config, headers: Object.fromEntries(headers) })
  }
  const apiKey = config.apiKeyEnv === undefined ? undefined : readSecret(config.apiKeyEnv, opening)
  return createOpenaiTeacher({ task, config, apiKey, examples: readPromptExamples(config, opening) })
}

/** The value of an environment variable that can stand in a header. What is wrong is said without the value. */
function readSecret(name: string, { options: { environment = process.env }, faults }: Opening): string | undefined {
  const value = environment[name]?.trim()
  if (!value) faults.push(`the environment variable ${name} is not set`)
  else if (!/^[\x20-\x7e]+$/.test(value))
    faults.push(`the environment variable ${name} has characters that no header may have`)
  return value
}

function readPromptExamples(config: TeacherConfigOf<'openai'>, { task, faults }: Opening): PromptExample[] {
  return config.examples.flatMap(({ answer: value, text, textPair }, index) => {
    const answer = readAnswer(task, value)
    if (typeof answer !== 'string') return [{ input: { text, ...(textPair !== undefined && { textPair }) }, answer }]
    faults.push(`examples.${index}: ${answer}`)
    return []
  })
}

async function openReplay(config: TeacherConfigOf<'replay'>, opening: Opening): Promise<Teacher | undefined> {
  const { task, settings, options, faults } = opening
  try {
    const path = resolve(options.folder, config.file)
    const { textColumn, labelColumn, pairColumn, labelSeparator } = settings
    const columns = { textColumn, labelColumn, pairColumn, labelSeparator }
    const { examples } = await readExamples({ path, kind: task.kind, purpose: 'evaluate', ...columns })
    const strange = new Set(
      examples.flatMap(({ answer }) => labelsOf(answer)).filter((label) => !task.labels.has(label)),
    )
    if (settings.labels && strange.size > 0)
      faults.push(`${config.file} has labels that the task lacks: ${[...strange].join(', ')}`)
    return createReplayTeacher({ config, examples })
  } catch (error) {
    if (!(error instanceof CapstanError)) throw error
    faults.push(error.message)
    return undefined
  }
}

function toTaughtTask(name: string, { kind, description, labels = {}, range }: TaskConfig): TaughtTask {
  return { name, kind: kind as TaughtKind, description, labels: new Map(Object.entries(labels)), range }
}
