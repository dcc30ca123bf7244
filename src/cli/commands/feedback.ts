import { InvalidInputError } from '../../base/index.ts'
import { feedbackRequestSchema } from '../../contracts/index.ts'
import type { CommandBody } from '../command.ts'
import { printJson, printLine } from '../io.ts'

export const run: CommandBody = async ({ io, json, positionals, options, openPlatform }) => {
  const [prediction = ''] = positionals
  const [amount, currency] = String(options.outcome ?? '').split(' ')
  const result = feedbackRequestSchema.safeParse({
    key: options.key ?? 'cli',
    ...(options.label === undefined ? {} : { label: readLabel(String(options.label)) }),
    ...(options.correct === true ? { correct: true } : {}),
    ...(options.wrong === true ? { correct: false } : {}),
    ...(options.rating === undefined ? {} : { rating: Number(options.rating) }),
    ...(options.outcome === undefined ? {} : { outcome: { amount, currency } }),
  })
  if (!result.success) {
    throw new InvalidInputError('cli.bad-feedback', result.error.issues.map(({ message }) => message).join('; '), {
      hint: 'For example: capstan feedback prediction_01k9z5 --label card_arrival',
    })
  }
  const platform = await openPlatform()
  const feedback = await platform.giveFeedback(prediction, result.data)
  await platform.idle()
  if (json) printJson(io, { feedback })
  else
    printLine(
      io.stdout,
      feedback.isNew
        ? `Noted${feedback.example ? ', and learnt as an example' : ''}.`
        : 'This feedback stood there already.',
    )
  return 0
}

/** Several labels are written with a bar between them. */
function readLabel(text: string): string | string[] {
  return text.includes('|') ? text.split('|').map((label) => label.trim()) : text
}
