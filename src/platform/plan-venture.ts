/** The use cases of a plan file: what it says, judged with what the books and the registry have measured. */
import { existsSync } from 'node:fs'
import { readFile } from 'node:fs/promises'
import { dirname, resolve } from 'node:path'
import { InvalidInputError, NotFoundError } from '../base/index.ts'
import {
  type AssessReport,
  assessVenture,
  type CompiledVenture,
  compileVenture,
  loadSolver,
  type PlanFacts,
  type PlanReport,
  reportPlan,
} from '../planning/index.ts'
import type { PlatformContext } from './create-platform.ts'
import { type LineProblem, listLines, locateProblems, readYaml, type YamlFile } from './read-yaml.ts'
import { type FactsRequest, readFacts } from './venture-facts.ts'

export const ventureFileName = 'venture.yaml'

export type PlanVentureRequest = {
  /** Path of the plan file. */
  file: string
  scenario?: string | undefined
  months?: number | undefined
  /** @default 4096 */
  draws?: number | undefined
  /** @default 1 */
  seed?: number | undefined
}

/** A plan file as it stands, checked for being YAML. */
type OpenedVenture = { path: string; yaml: YamlFile }

/**
 * Throws NotFoundError `venture.not-found`, and InvalidInputError `venture.invalid` with the line of every mistake. The same
 * file, books and seed give the same report.
 */
export async function planVenture(context: PlatformContext, request: PlanVentureRequest): Promise<PlanReport> {
  const { opened, compiled, facts } = await compileFile(context, request)
  const { scenario } = request
  return atLine(opened, async () => reportPlan(compiled, { solver: await loadSolver(), facts, scenario }))
}

/** Throws what `planVenture` throws, and InvalidInputError `venture.no-assessment` where the file has no such section. */
export async function assessPlan(
  context: PlatformContext,
  request: Pick<PlanVentureRequest, 'file' | 'draws' | 'seed'>,
): Promise<AssessReport> {
  const { opened, compiled, facts } = await compileFile(context, request)
  const report = await atLine(opened, async () => assessVenture(compiled, facts))
  if (report) return report
  throw new InvalidInputError('venture.no-assessment', `${opened.path} has no section "assess".`, {
    hint: 'docs/plan.md shows what stands in it: market, survey, competitors, feasibility, criteria and options.',
  })
}

async function compileFile(
  context: PlatformContext,
  { file, months, draws = 4096, seed = 1 }: PlanVentureRequest,
): Promise<{ opened: OpenedVenture; compiled: CompiledVenture; facts: PlanFacts }> {
  const opened = await openVenture(file)
  const facts = await readFacts(context, headOf(opened))
  const { compiled, problems } = compileVenture(opened.yaml.data, { facts, seed, draws, months })
  if (!compiled) throw invalid(opened, locateProblems(opened.yaml, problems))
  return { opened, compiled, facts }
}

async function openVenture(file: string): Promise<OpenedVenture> {
  const path = resolve(file)
  if (!existsSync(path)) {
    throw new NotFoundError('venture.not-found', `There is no plan at ${path}`, {
      hint: 'capstan plan init writes one, filled from the ledger.',
    })
  }
  const yaml = readYaml(await readFile(path, 'utf8'))
  if ('problems' in yaml) throw invalid({ path }, yaml.problems)
  return { path, yaml }
}

/** What the facts are read by. Paths of the plan begin at its folder. */
function headOf({ path, yaml }: OpenedVenture): FactsRequest {
  const data = (yaml.data ?? {}) as Record<string, unknown>
  const assess = tableOf(data.assess)
  const [task, survey] = [tableOf(assess.feasibility).task, tableOf(assess.survey).file]
  return {
    date: String(data.date),
    currency: String(data.currency),
    tasks: Array.isArray(data.tasks) ? data.tasks.map(String) : undefined,
    task: task === undefined ? undefined : String(task),
    survey: survey === undefined ? undefined : resolve(dirname(path), String(survey)),
  }
}

function tableOf(value: unknown): Record<string, unknown> {
  return typeof value === 'object' && value !== null ? (value as Record<string, unknown>) : {}
}

function invalid({ path }: Pick<OpenedVenture, 'path'>, problems: readonly LineProblem[]): InvalidInputError {
  return new InvalidInputError('venture.invalid', `${path} is not a valid plan:${listLines(problems)}`, {
    hint: 'docs/plan.md describes every part of the file.',
    details: { path, problems },
  })
}

/** An error that knows its part of the file gets the line. */
async function atLine<T>(opened: OpenedVenture, act: () => Promise<T>): Promise<T> {
  try {
    return await act()
  } catch (error) {
    if (!(error instanceof InvalidInputError) || !hasPath(error.details)) throw error
    const { code, message, hint } = error
    const [problem] = locateProblems(opened.yaml, [{ path: error.details.path, message }])
    throw new InvalidInputError(code, `${opened.path}, line ${problem?.line}: ${message}`, {
      ...(hint === undefined ? {} : { hint }),
      details: problem,
      cause: error,
    })
  }
}

function hasPath(details: unknown): details is { path: PropertyKey[] } {
  return typeof details === 'object' && details !== null && 'path' in details && Array.isArray(details.path)
}
