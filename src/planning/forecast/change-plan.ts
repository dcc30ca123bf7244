import { InvalidInputError } from '../../base/index.ts'
import type { VenturePlan } from './venture-plan.ts'

/** A scenario: only what differs. Parts that are not named stay; null takes an entry away (a JSON merge patch, RFC 7396). */
export type PlanChange<T = VenturePlan> = T extends readonly unknown[]
  ? T
  : T extends object
    ? { [K in keyof T]?: PlanChange<T[K]> | null }
    : T

/** The base plan with the changes of a scenario. Throws InvalidInputError `plan.unknown-entry` where null names nothing. */
export function changePlan(plan: VenturePlan, change: PlanChange): VenturePlan {
  return applyChange(plan, change) as VenturePlan
}

/** The same for any plain data. */
export function applyChange(base: unknown, change: unknown): unknown {
  return merge(base, change, [])
}

function merge(base: unknown, change: unknown, path: string[]): unknown {
  if (!isTable(change)) return change
  const result: Record<string, unknown> = isTable(base) ? { ...base } : {}
  for (const [name, value] of Object.entries(change)) {
    const here = [...path, name]
    if (value === undefined) continue
    if (value !== null) result[name] = merge(result[name], value, here)
    else if (name in result) delete result[name]
    else {
      throw new InvalidInputError(
        'plan.unknown-entry',
        `The scenario takes away ${here.join('.')}, which is not there.`,
        {
          hint: `${path.join('.') || 'The plan'} has ${Object.keys(result).join(', ') || 'nothing'}.`,
        },
      )
    }
  }
  return result
}

function isTable(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value)
}
