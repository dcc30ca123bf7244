/** From the plain data of `venture.yaml` to a base file and one for each scenario, or everything that is wrong with them. */
import { InvalidInputError } from '../../base/index.ts'
import { type VentureFile, ventureFileSchema } from '../../contracts/index.ts'
import { applyChange } from '../forecast/change-plan.ts'
import type { Problem } from './read-quantities.ts'

export type ReadVenture = {
  file: VentureFile
  /** The file with the changes of each scenario, by name in order. */
  scenarios: { name: string; file: VentureFile }[]
  problems: Problem[]
}

type Data = Readonly<Record<string, unknown>>

/** Without a file where the data is none. */
export function readVenture(data: unknown): ReadVenture | { file: undefined; problems: Problem[] } {
  const base = ventureFileSchema.safeParse(data)
  if (!base.success) return { file: undefined, problems: problemsOf(base.error.issues) }
  const { scenarios: _, ...plain } = data as Data
  const problems: Problem[] = []
  const scenarios = Object.keys(base.data.scenarios)
    .sort()
    .flatMap((name) => {
      const change = base.data.scenarios[name] as Data
      const changed = attempt(['scenarios', name], problems, () => applyChange(plain, change))
      if (changed === undefined) return []
      const fixed = ['date', 'currency', 'months', 'scenarios'].filter((key) => Object.hasOwn(change, key))
      for (const key of fixed)
        problems.push({ path: ['scenarios', name, key], message: 'is the same in every scenario', isKey: true })
      const parsed = ventureFileSchema.safeParse(changed)
      if (parsed.success) return [{ name, file: parsed.data }]
      problems.push(...inScenario(name, problemsOf(parsed.error.issues), []))
      return []
    })
  return { file: base.data, scenarios, problems }
}

/** What is wrong with a changed file and not with the base is what the scenario wrote. */
export function inScenario(name: string, problems: readonly Problem[], ofBase: readonly Problem[]): Problem[] {
  const known = new Set(ofBase.map(keyOf))
  return problems
    .filter((problem) => !known.has(keyOf(problem)))
    .map((problem) => ({ ...problem, path: ['scenarios', name, ...problem.path] }))
}

function keyOf({ path, message }: Problem): string {
  return JSON.stringify([path, message])
}

/** A problem in place of what is thrown. */
export function attempt<T>(path: readonly PropertyKey[], problems: Problem[], act: () => T): T | undefined {
  try {
    return act()
  } catch (error) {
    if (!(error instanceof InvalidInputError)) throw error
    problems.push({ path, message: error.message })
    return undefined
  }
}

type Issue = NonNullable<ReturnType<typeof ventureFileSchema.safeParse>['error']>['issues'][number]

/** The schema reports all unknown keys of a mapping at once, at the mapping; each has a line of its own. */
function problemsOf(issues: readonly Issue[]): Problem[] {
  return issues.flatMap((issue): Problem[] => {
    if (issue.code !== 'unrecognized_keys') return [{ path: issue.path, message: issue.message }]
    return issue.keys.map((key) => ({ path: [...issue.path, key], message: 'is no setting', isKey: true }))
  })
}
