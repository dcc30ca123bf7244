import { inspect } from 'node:util'
import { expect } from 'vitest'
import { createRandom } from '../../src/base/index.ts'
import { taskConfigSchema } from '../../src/contracts/index.ts'
import {
  type BudgetStore,
  createMemoryBudgetStore,
  type GuardedTeacher,
  type LabelQueue,
  openTeachers,
  type TeacherEvent,
} from '../../src/flywheel/index.ts'
import { createVirtualTime, type VirtualTime } from './virtual-time.ts'

export const secret = 'sk-test-0123456789abcdef'
export const timeoutMs = 7777

export type Taught = { teacher: GuardedTeacher; time: VirtualTime; events: TeacherEvent[] }

type TeachOptions = { budgetStore?: BudgetStore; labelQueue?: LabelQueue; folder?: string; start?: string }

/** Opens the teacher of a task as capstan.yaml would describe it, in virtual time. */
export async function openTask(task: Record<string, unknown>, options: TeachOptions = {}): Promise<Taught> {
  const time = createVirtualTime(timeoutMs, options.start)
  const events: TeacherEvent[] = []
  const settings = taskConfigSchema.parse({
    kind: 'classify',
    labels: { card: 'About a card', cash: 'About cash' },
    ...task,
    teacher: { ...(task.teacher as object), limits: { timeoutMs, ...(task.teacher as { limits?: object }).limits } },
  })
  const teachers = await openTeachers({
    tasks: { support: settings },
    folder: options.folder ?? '.',
    budgetStore: options.budgetStore ?? createMemoryBudgetStore(),
    labelQueue: options.labelQueue ?? noQueue,
    environment: { TEACHER_KEY: secret },
    clock: time.clock,
    sleep: time.sleep,
    random: createRandom(1, 'teachers'),
    onEvent: (event) => events.push(event),
  })
  return { teacher: teachers.get('support') as GuardedTeacher, time, events }
}

/** The key is in nothing that a program could log or send, and the text in nothing that it logs. */
export function expectNoSecret(...values: unknown[]): void {
  const seen = values.map((value) => inspect(value, { depth: Infinity, showHidden: true })).join('\n')
  expect(seen).not.toContain(secret)
}

const noQueue: LabelQueue = {
  enqueue: () => Promise.reject(new Error('internal: this task has no people')),
  awaitAnswer: () => Promise.reject(new Error('internal: this task has no people')),
}
