import type { PlanLink, VentureFile } from '../../contracts/index.ts'
import type { Hire, Quantity } from '../forecast/venture-plan.ts'
import { mapTable, places, when } from './compile-forecast.ts'
import type { QuantityReader } from './read-quantities.ts'

/** A role of the team; shares are of full time, effects raise a link's contribution to gross profit by a share of it. */
export type TeamRole = {
  name: string
  kind: 'staff' | 'contractor' | 'part-time'
  link: PlanLink
  monthly: Quantity
  time: Quantity
  /** At work from the start of the plan. */
  count: number
  /** Who begin or end within the plan: their cost and their effect are in the forecast. */
  planned: number
  max: number
  hireCost: Quantity
  leadMonths: number
  ramp: Quantity[]
  /** Of the first person at full effect. */
  effects: [link: string, effect: Quantity][]
  next: Quantity
  openSource: { share: Quantity; effects: [link: string, effect: Quantity][] }
  reportsTo?: string
  span?: number
}

/** What a kind of work takes to begin: months until the first day, and the share of the effect while one learns. */
const beginnings = {
  staff: { lead: 2, ramp: [0.25, 0.5, 0.75] },
  'part-time': { lead: 1, ramp: [0.25, 0.5, 0.75] },
  contractor: { lead: 0, ramp: [0.5] },
} as const

export function compileTeam(file: VentureFile, { read, report }: QuantityReader): TeamRole[] {
  return Object.values(
    mapTable(file.team, (role, name): TeamRole => {
      const path = ['team', name]
      const start = beginnings[role.kind]
      const effectsOf = (effects: Partial<Record<PlanLink, number | string>>, key: readonly string[]) =>
        Object.entries(effects)
          .sort(([one], [other]) => (one < other ? -1 : 1))
          .map(([link, effect]): [string, Quantity] => [
            link,
            read([...path, ...key, link], effect ?? 0, places.factor),
          ])
      const { max = role.count } = role
      if (max < role.count) report([...path, 'max'], `at most ${max} people, and ${role.count} are there`)
      if (role.reportsTo !== undefined && file.team[role.reportsTo]?.span === undefined)
        report([...path, 'reportsTo'], `"${role.reportsTo}" is no role with a span`)
      // People who are only planned are in the forecast, and no place to be filled.
      const isThere = !beginsLater(role) && role.until === undefined
      return {
        name,
        kind: role.kind,
        link: role.link,
        monthly: read([...path, 'monthly'], role.monthly, places.perMonth),
        time: read([...path, 'time'], role.time ?? (role.kind === 'part-time' ? 0.5 : 1), places.share),
        count: isThere ? role.count : 0,
        planned: isThere ? 0 : role.count,
        max: isThere ? max : max - role.count,
        hireCost: read([...path, 'hireCost'], role.hireCost, places.amount),
        leadMonths: role.lead ?? start.lead,
        ramp: (role.ramp ?? start.ramp).map((share, i) => read([...path, 'ramp', i], share, places.share)),
        effects: effectsOf(role.effects, ['effects']),
        next: read([...path, 'next'], role.next, places.share),
        openSource: {
          share: read([...path, 'openSource', 'share'], role.openSource?.share ?? 0, places.share),
          effects: effectsOf(role.openSource?.effects ?? {}, ['openSource', 'effects']),
        },
        ...(role.reportsTo === undefined ? {} : { reportsTo: role.reportsTo }),
        ...(role.span === undefined ? {} : { span: role.span }),
      }
    }),
  )
}

/** Those whom the forecast has from a month on; of those at work today it has all they do. */
export function compileHires(file: VentureFile, team: readonly TeamRole[]): Record<string, Hire> {
  const hires = team.flatMap((role): [string, Hire][] => {
    const written = file.team[role.name]
    if (!written || role.planned === 0 || !beginsLater(written)) return []
    const quantitiesOf = (effects: TeamRole['effects']) => effects.map(([, effect]) => effect)
    const { time, next, ramp, openSource } = role
    return [
      [
        role.name,
        {
          ...when(written),
          count: role.planned,
          time,
          next,
          ramp,
          effects: quantitiesOf(role.effects),
          openSource: { share: openSource.share, effects: quantitiesOf(openSource.effects) },
        },
      ],
    ]
  })
  return Object.fromEntries(hires)
}

function beginsLater({ from = 0, hope }: VentureFile['team'][string]): boolean {
  return from > 0 || hope
}
