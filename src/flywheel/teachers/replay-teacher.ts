import type { TeacherConfigOf } from '../../contracts/index.ts'
import type { Example } from '../../data/index.ts'
import { chargePerCall } from './charge-per-call.ts'
import { failedTry, spentNothing, type Teacher, type TeacherAnswer, type TeacherInput } from './teacher.ts'

/** Answers with what a labelled file says, at a stated price; of a text that stands there twice, the first answer. */
export function createReplayTeacher(options: {
  config: TeacherConfigOf<'replay'>
  examples: readonly Example[]
}): Teacher {
  const { config, examples } = options
  const answers = new Map([...examples].reverse().map((example) => [keyOf(example), example.answer as TeacherAnswer]))
  const { priceMicro, provenance, about } = chargePerCall('replay', config)
  return {
    ...about,
    async ask(input) {
      const answer = answers.get(keyOf(input))
      if (answer) return { type: 'answered', answer, provenance, spent: { costMicro: priceMicro, tokens: null } }
      const detail = 'the file has no answer for this text'
      return failedTry({ reason: 'error', detail, retry: 'never', fault: 'input' }, spentNothing)
    },
  }
}

function keyOf({ text, textPair }: TeacherInput): string {
  return JSON.stringify([text, textPair ?? null])
}
