import type { TeacherConfigOf } from '../../contracts/index.ts'
import { chargePerCall } from './charge-per-call.ts'
import { postJson } from './post-json.ts'
import { readAnswer } from './read-answer.ts'
import {
  failedTry,
  nonsense,
  spentNothing,
  spentUnknown,
  type TaughtTask,
  type Teacher,
  type TeacherInput,
} from './teacher.ts'

/** An endpoint of the team's own: a body made from a template, and a place in the reply where the answer stands. */
export function createHttpTeacher(options: {
  task: TaughtTask
  config: TeacherConfigOf<'http'>
  headers: Readonly<Record<string, string>>
}): Teacher {
  const { task, config, headers } = options
  const url = new URL(config.url)
  const { priceMicro, provenance, about } = chargePerCall('http', config)
  return {
    ...about,
    async ask(input, signal) {
      const body = JSON.stringify(fillTemplate(config.body, input))
      const reply = await postJson({ url, headers, body, replyBytesMax: config.limits.replyBytesMax, signal })
      if (reply.type === 'broken') return failedTry(reply.failure, spentUnknown)
      if (reply.type === 'refused') return failedTry(reply.failure, spentNothing)
      const spent = { costMicro: priceMicro, tokens: null }
      const value = resolvePointer(reply.value, config.answer)
      if (value === undefined) return failedTry(nonsense(`the reply has nothing at ${config.answer}`), spent)
      const answer = readAnswer(task, value)
      if (typeof answer === 'string') return failedTry(nonsense(answer), spent)
      return { type: 'answered', answer, provenance, spent }
    },
  }
}

/** Replaces within strings, in one pass: a text that looks like a placeholder stays as it is. */
function fillTemplate(template: unknown, { text, textPair = '' }: TeacherInput): unknown {
  const fill = (part: unknown): unknown => {
    if (typeof part === 'string')
      return part.replace(/\{\{(text|text_pair)\}\}/g, (_, name) => (name === 'text' ? text : textPair))
    if (Array.isArray(part)) return part.map(fill)
    if (typeof part !== 'object' || part === null) return part
    return Object.fromEntries(Object.entries(part).map(([name, value]) => [name, fill(value)]))
  }
  return fill(template)
}

/** The value at a JSON Pointer (RFC 6901), undefined where there is none. */
function resolvePointer(document: unknown, pointer: string): unknown {
  const names = pointer.split('/').slice(1)
  return names.reduce<unknown>((value, escaped) => {
    const name = escaped.replaceAll('~1', '/').replaceAll('~0', '~')
    return typeof value === 'object' && value !== null && Object.hasOwn(value, name)
      ? (value as Record<string, unknown>)[name]
      : undefined
  }, document)
}
