/** The part of a plan file that says what spending on each link does, and how links make up value together. */
import type { PlanLink, VentureFile } from '../../contracts/index.ts'
import { planLinkSchema } from '../../contracts/index.ts'
import type { Quantity } from '../forecast/venture-plan.ts'
import { mapTable, places } from './compile-forecast.ts'
import { takeNumber } from './quantity-text.ts'
import type { Path, Problem, QuantityReader } from './read-quantities.ts'

export type CurveKind = 'hill' | 'exponential' | 'logarithmic' | 'power'

/** How a link answers to spend: weight · (floor + (1 − floor) · curve(spend)). */
export type LinkResponse = {
  name: string
  link: PlanLink
  curve: { kind: CurveKind; parameters: Readonly<Record<string, Quantity>>; text: string }
  weight: Quantity
  floor: Quantity
  today?: Quantity
  min?: Quantity
  max?: Quantity
  lump?: Quantity
  measured?: Quantity
}

/** The name of a link, or what several parts make together. */
export type Branch = string | { name: string; combine: 'sum' | 'product'; parts: Branch[] }

export type AllocationModel = {
  budget?: Quantity
  potential?: Quantity
  purchase?: Quantity
  links: LinkResponse[]
  tree: Branch
}

/** The parameters of each curve; a Hill curve has its shape 1 unless said. */
const curves: Readonly<Record<CurveKind, { required: readonly string[]; defaults: Readonly<Record<string, number>> }>> =
  {
    hill: { required: ['half'], defaults: { shape: 1 } },
    exponential: { required: ['scale'], defaults: {} },
    logarithmic: { required: ['scale'], defaults: {} },
    power: { required: ['exponent'], defaults: {} },
  }

/** Undefined where the file has no links to spend on. */
export function compileAllocation({ allocation }: VentureFile, reader: QuantityReader): AllocationModel | undefined {
  if (allocation === undefined || Object.keys(allocation.links).length === 0) return undefined
  const { read } = reader
  const links = Object.values(
    mapTable(allocation.links, (link, name): LinkResponse => {
      const path = ['allocation', 'links', name]
      const amounts = (['today', 'min', 'max', 'lump', 'measured'] as const).flatMap((key) => {
        const text = link[key]
        return text === undefined ? [] : [[key, read([...path, key], text, places.amount)] as const]
      })
      return {
        name,
        link: linkOf(name, link.part, path, reader),
        curve: readCurve(link.curve, [...path, 'curve'], reader),
        weight: read([...path, 'weight'], link.weight, places.shape),
        floor: read([...path, 'floor'], link.floor, places.share),
        ...Object.fromEntries(amounts),
      }
    }),
  )
  const amounts = (['budget', 'potential', 'purchase'] as const).flatMap((key) => {
    const text = allocation[key]
    return text === undefined ? [] : [[key, read(['allocation', key], text, places.spend)] as const]
  })
  const names = links.map(({ name }) => name)
  const tree = buildTree(names, allocation.tree, reader.problems) ?? defaultTree(names)
  return { ...Object.fromEntries(amounts), links, tree }
}

function linkOf(name: string, part: PlanLink | undefined, path: Path, { report }: QuantityReader): PlanLink {
  const own = planLinkSchema.safeParse(name)
  if (part !== undefined) return part
  if (own.success) return own.data
  report(path, `"${name}" is none of the six links ${planLinkSchema.options.join(', ')}: say of which it is a part`)
  return 'Market'
}

/** `hill half=20k shape=1.2`; a parameter may name an assumption. */
function readCurve(text: string, path: Path, { read, report }: QuantityReader): LinkResponse['curve'] {
  const [kind = '', ...settings] = text
    .trim()
    .replaceAll(/\s*=\s*/g, '=')
    .split(/\s+/)
  const form = Object.hasOwn(curves, kind) ? curves[kind as CurveKind] : undefined
  const fallback = { kind: 'hill' as const, parameters: { half: 1, shape: 1 }, text }
  if (!form) {
    report(path, `"${kind}" is no curve: ${Object.keys(curves).join(', ')}`)
    return fallback
  }
  const given = new Map(settings.map((setting) => setting.split('=') as [string, string | undefined]))
  const known = [...form.required, ...Object.keys(form.defaults)]
  const wrong = [...given.keys()].filter((name) => !known.includes(name))
  const missing = form.required.filter((name) => !given.has(name))
  if (wrong.length > 0 || missing.length > 0) {
    report(path, `a ${kind} curve has ${known.map((name) => `${name}=…`).join(' ')}, and "${text}" is written`)
    return fallback
  }
  const parameters = Object.fromEntries(
    known.map((name) => {
      const value = given.get(name) ?? form.defaults[name] ?? ''
      const isMoney = name === 'half' || name === 'scale'
      const number = typeof value === 'string' ? takeNumber(value) : undefined
      const written = number?.rest === '' ? number.value : value
      return [name, read(path, written, isMoney ? places.spend : places.shape)]
    }),
  )
  return { kind: kind as CurveKind, parameters, text }
}

/** Every link in a chain: value is the product of what each lets through. */
function defaultTree(names: readonly string[]): Branch {
  return { name: 'value', combine: 'product', parts: [...names] }
}

type WrittenTree = NonNullable<VentureFile['allocation']>['tree']

/**
 * The tree that its branches name. Parts are in the order of their names, so that it does not matter how it was written.
 * Undefined where none is written, or where it is wrong: then every fault is a problem.
 */
export function buildTree(links: readonly string[], tree: WrittenTree, problems: Problem[]): Branch | undefined {
  const branches = new Map(
    Object.keys(tree)
      .sort()
      .map((name) => {
        const { product, sum } = tree[name] as WrittenTree[string]
        return [name, { combine: product ? ('product' as const) : ('sum' as const), parts: product ?? sum ?? [] }]
      }),
  )
  if (branches.size === 0) return undefined
  const before = problems.length
  const fail = (name: string | undefined, message: string) =>
    problems.push({ path: ['allocation', 'tree', ...(name === undefined ? [] : [name])], message })
  const usedBy = new Map<string, string>()
  for (const [name, { parts }] of branches) {
    if (links.includes(name)) fail(name, `"${name}" is a link already: give the branch another name`)
    for (const part of parts) {
      if (!links.includes(part) && !branches.has(part)) fail(name, `"${part}" is neither a link nor a branch`)
      else if (usedBy.has(part)) fail(name, `"${part}" is a part of ${usedBy.get(part)} already`)
      usedBy.set(part, name)
    }
  }
  const cycle = findCycle(branches)
  if (cycle) {
    fail(cycle[0], `${cycle.join(' → ')} depend on each other in a cycle`)
    return undefined
  }
  const roots = [...branches.keys()].filter((name) => !usedBy.has(name))
  if (roots.length > 1) fail(roots[1], `${roots.join(' and ')} are part of nothing: one branch must hold all others`)
  const unused = links.filter((link) => !usedBy.has(link))
  if (unused.length > 0) fail(undefined, `${unused.join(', ')} stand in no branch`)
  if (problems.length > before) return undefined
  const build = (name: string): Branch => {
    const branch = branches.get(name)
    return branch ? { name, combine: branch.combine, parts: [...branch.parts].sort().map(build) } : name
  }
  return build(roots[0] as string)
}

/** Names along a cycle, the first also last. */
function findCycle(branches: ReadonlyMap<string, { parts: readonly string[] }>): string[] | undefined {
  const done = new Set<string>()
  const walk = (name: string, above: readonly string[]): string[] | undefined => {
    if (above.includes(name)) return [...above.slice(above.indexOf(name)), name]
    if (done.has(name)) return undefined
    done.add(name)
    for (const part of branches.get(name)?.parts ?? []) {
      const cycle = walk(part, [...above, name])
      if (cycle) return cycle
    }
    return undefined
  }
  for (const name of branches.keys()) {
    const cycle = walk(name, [])
    if (cycle) return cycle
  }
  return undefined
}
