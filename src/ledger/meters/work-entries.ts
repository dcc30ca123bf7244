import { formatMoney, type Money, microUnitsPerUnit, type Posting } from '../../contracts/index.ts'
import { accounts } from '../account.ts'
import type { NewEntry } from '../entry.ts'
import type { TaskTerms } from './meter-work.ts'

/** Quantities that are booked beside the money: one answered request, one label. */
export const answerCommodity = 'ANSWER'
export const labelCommodity = 'LABEL'

/** What was answered in a minute for one caller by one version, or with it; one row for each currency of the teacher. */
export type AnswerGroup = {
  task: string
  model: string | null
  caller: string | null
  currency: string | null
  minute: Date
  answers: bigint
  /** Given by the teacher. */
  labels: bigint
  /** Of the teacher, in micro-units. */
  cost: bigint
}

export type LabelGroup = { task: string; minute: Date; labels: bigint }

type TermsOf = (task: string) => TaskTerms

/** An entry for each task, version, caller and minute. */
export function createAnswerEntries(groups: readonly AnswerGroup[], termsOf: TermsOf): NewEntry[] {
  const buckets = new Map<string, AnswerGroup[]>()
  for (const group of groups) buckets.set(nameBucket(group), [...(buckets.get(nameBucket(group)) ?? []), group])
  return [...buckets].flatMap(([key, rows]) => {
    const [{ task, model, caller, minute }] = rows as [AnswerGroup]
    const { price, isTaughtByPeople } = termsOf(task)
    const answers = sum(rows.map((row) => row.answers))
    const postings = [
      ...transfer(accounts.metered, accounts.answers, answerCommodity, answers * microUnitsPerUnit),
      ...(price ? transfer(accounts.receivable, accounts.answers, price.currency, answers * price.amountMicro) : []),
      ...(isTaughtByPeople ? [] : rows.flatMap(teacherPostings)),
    ]
    if (postings.length === 0) return []
    const dimensions = { task, ...(model ? { model } : {}), ...(caller ? { caller } : {}) }
    const description = `${answers} answers${price && answers > 0n ? ` at ${formatMoney(price)}` : ''}`
    return [{ source: 'capstan.answers', key, eventTime: minute, description, dimensions, postings }]
  })
}

/** People's labels, by task and minute. */
export function createLabelEntries(groups: readonly LabelGroup[], termsOf: TermsOf): NewEntry[] {
  return groups.map(({ task, minute, labels }) => {
    const { labelPrice } = termsOf(task)
    return {
      source: 'capstan.labels',
      key: `${minute.toISOString()}/${task}`,
      eventTime: minute,
      description: `${labels} labels by people${labelPrice ? ` at ${formatMoney(labelPrice)}` : ''}`,
      dimensions: { task },
      postings: [
        ...transfer(accounts.labels, accounts.metered, labelCommodity, labels * microUnitsPerUnit),
        ...(labelPrice ? priceLabels(labels, labelPrice) : []),
      ],
    }
  })
}

function teacherPostings({ labels, cost, currency }: AnswerGroup): Posting[] {
  return [
    ...transfer(accounts.teacher, accounts.metered, labelCommodity, labels * microUnitsPerUnit),
    ...(currency === null ? [] : transfer(accounts.teacher, accounts.accruedTeacher, currency, cost)),
  ]
}

function priceLabels(labels: bigint, { amountMicro, currency }: Money): Posting[] {
  return transfer(accounts.labels, accounts.accruedLabels, currency, labels * amountMicro)
}

/** Nothing where the amount is zero: a posting is never zero. */
function transfer(debit: string, credit: string, commodity: string, amountMicro: bigint): Posting[] {
  if (amountMicro === 0n) return []
  return [
    { account: debit, commodity, amountMicro },
    { account: credit, commodity, amountMicro: -amountMicro },
  ]
}

function nameBucket({ task, model, caller, minute }: AnswerGroup): string {
  const parts = [task, model ?? '-', caller === null ? '-' : encodeURIComponent(caller)]
  return [minute.toISOString(), ...parts].join('/')
}

function sum(values: readonly bigint[]): bigint {
  return values.reduce((total, value) => total + value, 0n)
}
