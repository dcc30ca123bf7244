import { execFileSync } from 'node:child_process'
import { existsSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { describe, expect, it } from 'vitest'

type Manifest = {
  exports: Record<string, { types: string; default: string } | string>
  bin: Record<string, string>
  files: string[]
}

const root = join(import.meta.dirname, '..')
const manifest = JSON.parse(readFileSync(join(root, 'package.json'), 'utf8')) as Manifest
const doors = Object.entries(manifest.exports).flatMap(([subpath, target]) =>
  typeof target === 'string' ? [] : [{ subpath, target }],
)

describe('the package', () => {
  it('has a door for itself and for each part that stands alone', () => {
    expect(Object.keys(manifest.exports)).toEqual([
      '.',
      './onnx',
      './autodiff',
      './training',
      './ledger',
      './planning',
      './package.json',
    ])
  })

  it.each(doors)('builds $subpath from a source, with its types', ({ target }) => {
    expect(target.types).toBe(target.default.replace(/\.js$/, '.d.ts'))
    expect(existsSync(join(root, sourceOf(target.default)))).toBe(true)
  })

  it('exports this from capstan', async () => {
    expect(await namesOf('.')).toMatchInlineSnapshot(`
      [
        "CapstanError",
        "ConflictError",
        "InvalidInputError",
        "LimitError",
        "NotFoundError",
        "UnsupportedError",
        "codeVersion",
        "createApp",
        "createLogger",
        "createPlatform",
        "finetune",
        "startServer",
      ]
    `)
  })

  it('exports this from its parts', async () => {
    const parts = doors.filter(({ subpath }) => subpath !== '.')
    const names = await Promise.all(parts.map(async ({ subpath }) => [subpath, await namesOf(subpath)]))
    expect(Object.fromEntries(names)).toMatchInlineSnapshot(`
      {
        "./autodiff": [
          "expandNode",
          "gradient",
          "rules",
        ],
        "./ledger": [
          "accounts",
          "chooseMapping",
          "cpuSecondCommodity",
          "createComputeMeter",
          "createLedger",
          "energyCommodity",
          "exportLedger",
          "findMapping",
          "gpuSecondCommodity",
          "importEntries",
          "layoutOf",
          "links",
          "listAllEntries",
          "meterSubscriptions",
          "meterWork",
          "parseJournal",
          "postInvoice",
          "priceCompute",
          "readEntryRows",
          "readOcf",
          "readStatement",
          "rememberMapping",
          "writeOcf",
        ],
        "./onnx": [
          "GraphBuilder",
          "arrayTypes",
          "broadcastDims",
          "builtOpset",
          "checkModel",
          "consumersOf",
          "createNode",
          "decodeModel",
          "encodeModel",
          "findProblems",
          "float",
          "floatOf",
          "fromNumbers",
          "graftGraph",
          "int",
          "int64s",
          "intOf",
          "ints",
          "intsOf",
          "operatorOf",
          "padWidths",
          "positiveAxis",
          "printModel",
          "reachOf",
          "readModel",
          "reassociateProducts",
          "reduceDims",
          "reductionAxes",
          "resizedAxes",
          "sameDims",
          "scalar",
          "sizeOf",
          "sliceRanges",
          "slidingWindows",
          "splitSizes",
          "storageLength",
          "tensor",
          "text",
          "textOf",
          "toNumbers",
          "transposedWindows",
          "writeModel",
          "zeros",
        ],
        "./planning": [
          "allocate",
          "assessVenture",
          "averageCurve",
          "bootstrapLearningCurve",
          "boundByHulls",
          "breakEvenUnits",
          "carryOverCurve",
          "changePlan",
          "chooseBudget",
          "chooseLearningCurve",
          "compareFactsWithHopes",
          "comparePlans",
          "compileVenture",
          "conditionalValueAtRisk",
          "costAcquisition",
          "countCustomers",
          "covarianceOf",
          "createInformationCurve",
          "createQuantile",
          "describePlan",
          "drawInputs",
          "drawUniforms",
          "errorAt",
          "errorQuantiles",
          "errorSlopeAt",
          "expectResidualLifetime",
          "exponentialCurve",
          "extendLearningCurve",
          "findExpensesToLive",
          "findFlatRanges",
          "findGrowthToLive",
          "findLabelsNeeded",
          "findOptimalLabels",
          "fitLearningCurve",
          "fitRetention",
          "fitScalingLaw",
          "forecastVenture",
          "gradeKnowledge",
          "hillCurve",
          "judgeFeasibility",
          "labelsFor",
          "learningForms",
          "loadSolver",
          "logLikelihoodOf",
          "logarithmicCurve",
          "logisticCurve",
          "marginalValues",
          "measureDemand",
          "measureEfficiency",
          "measurePriceSensitivity",
          "measureTornado",
          "optimizeElasticPrice",
          "optimizeLinearPrice",
          "optimizeLogitPrice",
          "paybackMonths",
          "planAt",
          "planHires",
          "planValue",
          "powerCurve",
          "preposteriorSd",
          "projectRunway",
          "raiseCurve",
          "rankCorrelation",
          "rankExperiments",
          "rankPurchases",
          "relaxModel",
          "reportPlan",
          "retainRevenue",
          "reviewPlan",
          "roundLegally",
          "ruinAtMonthEnds",
          "ruinByDiffusion",
          "scalingLossAt",
          "scoreOptions",
          "sizeMarket",
          "sizeRaise",
          "solveModel",
          "solveRound",
          "splitCompute",
          "stakeKelly",
          "standardErrorAt",
          "stepRunway",
          "summarize",
          "surviveOf",
          "tabulateValue",
          "toAmountsMicro",
          "toUnits",
          "toValueCurve",
          "topUpProRata",
          "valueLifetime",
          "valueLifetimeOfCohort",
          "valuePerfectInformation",
          "valueStages",
          "valueTwoActions",
          "weighByRank",
          "weighByTestError",
        ],
        "./training": [
          "chooseSettings",
          "estimateTraining",
          "evaluateEmbeddings",
          "evaluateGrades",
          "evaluateLabels",
          "evaluateLogits",
          "evaluateNumbers",
          "evaluateSpans",
          "insertDropout",
          "openEncoder",
          "openRunSteps",
          "openTrainingRun",
          "startEstimate",
          "startTraining",
          "trainModel",
          "wilsonInterval",
        ],
      }
    `)
  })

  it('has its programs where package.json says', () => {
    for (const path of Object.values(manifest.bin)) expect(existsSync(join(root, path)), path).toBe(true)
  })

  it('ships the base model, the examples and the licences, and neither tests nor sources', () => {
    const paths = packedFiles()
    expect(paths).toEqual(
      expect.arrayContaining([
        'LICENSE',
        'NOTICE',
        'README.md',
        'package.json',
        'examples/banking77/LICENSE',
        'examples/banking77/train.csv',
        'models/all-MiniLM-L6-v2/LICENSE',
        'models/all-MiniLM-L6-v2/onnx/model.onnx',
        ...Object.values(manifest.bin),
      ]),
    )
    expect(paths.filter((path) => /^(src|test|benchmarks|scripts|docs)\/|\.test\./.test(path))).toEqual([])
  })
})

describe('the lockfile', () => {
  it('names no registry, so that any mirror serves', () => {
    expect(readFileSync(join(root, 'package-lock.json'), 'utf8')).not.toMatch(/"resolved"|https?:\/\/[^"]*registry/)
  })
})

async function namesOf(subpath: string): Promise<string[]> {
  const door = doors.find((entry) => entry.subpath === subpath)
  const module = (await import(join(root, sourceOf(door?.target.default ?? '')))) as object
  return Object.keys(module).sort()
}

/** './dist/onnx/index.js' → 'src/onnx/index.ts' */
function sourceOf(built: string): string {
  return built.replace(/^\.\/dist\/(.*)\.js$/, 'src/$1.ts')
}

function packedFiles(): string[] {
  const output = execFileSync('npm', ['pack', '--dry-run', '--json', '--loglevel', 'error'], {
    cwd: root,
    encoding: 'utf8',
  })
  const [pack] = JSON.parse(output) as [{ files: { path: string }[] }]
  return pack.files.map(({ path }) => path)
}
