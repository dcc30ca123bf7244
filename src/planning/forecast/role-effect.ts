/** What a person of a role adds to gross profit, as shares of it. */

export type RoleEffect = {
  /** Share of full time. */
  time: number
  effects: readonly number[]
  /** A share of the time has effects of its own, in place of the others. */
  openSource: { share: number; effects: readonly number[] }
}

/** Of the first person, at full effect. */
export function effectOfRole({ time, effects, openSource: { share, effects: openEffects } }: RoleEffect): number {
  return time * ((1 - share) * sum(effects) + share * sum(openEffects))
}

/** first · (1 − qⁿ)/(1 − q): each next person adds q of the one before. */
export function growEffect(first: number, next: number, count: number): number {
  return next === 1 ? first * count : (first * (1 - next ** count)) / (1 - next)
}

function sum(values: readonly number[]): number {
  return values.reduce((total, value) => total + value, 0)
}
