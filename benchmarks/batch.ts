/** Texts a second of a whole file, against transformers.js with the same model file, in the setting that is best for it. */
import { fork } from 'node:child_process'
import { once } from 'node:events'
import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { type Example, openTokenizer, readExamples } from '../src/data/index.ts'
import { createPlatform, type Platform } from '../src/platform/index.ts'
import { countCores } from '../src/runtime/index.ts'
import { atLeast, type Benchmark, median } from './benchmark.ts'

const rounds = 5
const batchSizes = [8, 16, 32, 64]
/** Long enough that arithmetic is all that counts. */
const longTokens = 128
const longTexts = 400

type PeerSetting = { batchSize: number; isSorted: boolean }
type PeerOrder = { texts: string[] } & PeerSetting
type Peer = { textsPerSecond(order: PeerOrder): Promise<number>; stop(): Promise<void> }

export const benchmark: Benchmark = {
  name: 'batch',
  description: 'capstan predict --in on the Banking77 test questions, against transformers.js on the same model file',
  async run({ data, base, log }) {
    const projectFolder = await mkdtemp(join(tmpdir(), 'capstan-bench-'))
    const platform = await createPlatform({ projectFolder })
    log('training a model (nearest centroids, no step)')
    const [train, test] = [join(data, 'train.csv'), join(data, 'test.csv')]
    await platform.train({ task: 'banking', data: train, test, base, settings: { epochs: 0 } })
    const model = join(projectFolder, 'model')
    await platform.export({ task: 'banking', output: model })
    const { examples } = await readExamples({ path: test, purpose: 'evaluate' })
    const peer = startPeer(model)
    const texts = { short: examples.map(({ text }) => text), long: await joinTexts(examples, model) }
    const short = await compare(platform, peer, texts.short, { projectFolder, log })
    const long = await compare(platform, peer, texts.long, { projectFolder, log })
    await peer.stop()
    await platform.close()
    await rm(projectFolder, { recursive: true })
    return {
      values: { ...named('', short), ...named(`${longTokens} tokens: `, long) },
      bars: [atLeast('texts a second of a file, of transformers.js’s', '×', 1.3, short.ratio)],
    }
  },
}

type Comparison = Awaited<ReturnType<typeof compare>>

/** Ours and the peer's turn by turn, the peer's in the setting in which it was fastest. */
async function compare(
  platform: Platform,
  peer: Peer,
  texts: string[],
  { projectFolder, log }: { projectFolder: string; log: (line: string) => void },
) {
  const input = join(projectFolder, `texts-${texts.length}.jsonl`)
  await writeFile(input, texts.map((text) => `${JSON.stringify({ text })}\n`).join(''))
  const setting = await tunePeer(peer, texts, log)
  const [ours, theirs]: [number[], number[]] = [[], []]
  let paddingShare = 0
  for (let round = 0; round < rounds; round++) {
    const output = join(projectFolder, `scored-${texts.length}-${round}.jsonl`)
    const result = await platform.predictFile({ task: 'banking', input, output })
    paddingShare = result.paddingShare
    ours.push(result.rowsPerSecond)
    theirs.push(await peer.textsPerSecond({ texts, ...setting }))
    log(`${texts.length} texts: ${ours.at(-1)?.toFixed(0)} and ${theirs.at(-1)?.toFixed(0)} texts/s`)
  }
  const [capstan, peers] = [median(ours), median(theirs)]
  return { capstan, peers, ratio: capstan / peers, setting, paddingShare }
}

async function tunePeer(peer: Peer, texts: string[], log: (line: string) => void): Promise<PeerSetting> {
  let best = { batchSize: 1, isSorted: false, speed: 0 }
  for (const isSorted of [true, false]) {
    for (const batchSize of batchSizes) {
      const speed = await peer.textsPerSecond({ texts, batchSize, isSorted })
      log(
        `transformers.js, ${isSorted ? 'sorted' : 'as they come'}, batches of ${batchSize}: ${speed.toFixed(0)} texts/s`,
      )
      if (speed > best.speed) best = { batchSize, isSorted, speed }
    }
  }
  return best
}

function named(prefix: string, { capstan, peers, ratio, setting, paddingShare }: Comparison) {
  const order = setting.isSorted ? 'sorted' : 'as they come'
  return {
    [`${prefix}texts/s`]: capstan,
    [`${prefix}texts/s of transformers.js`]: peers,
    [`${prefix}its best setting`]: `${order}, batches of ${setting.batchSize}`,
    [`${prefix}ratio`]: ratio,
    [`${prefix}padding`]: paddingShare,
  }
}

/** Questions one after the other until a text has as many tokens as wanted. */
async function joinTexts(examples: readonly Example[], model: string): Promise<string[]> {
  const tokenizer = await openTokenizer(model)
  const texts: string[] = []
  let text = ''
  for (const example of examples) {
    text = `${text} ${example.text}`
    if (tokenizer.encode(text).ids.length < longTokens) continue
    texts.push(text)
    text = ''
    if (texts.length === longTexts) break
  }
  return texts
}

/** transformers.js in a process of its own, so that neither library's threads are there while the other is measured. */
function startPeer(model: string): Peer {
  const child = fork(fileURLToPath(import.meta.url), { env: { ...process.env, CAPSTAN_BENCH_PEER: model } })
  const ended = once(child, 'exit')
  return {
    async textsPerSecond(order) {
      child.send(order)
      const [speed] = await Promise.race([once(child, 'message'), ended.then(() => ['the peer has ended'])])
      if (typeof speed !== 'number') throw new Error(speed)
      return speed
    },
    async stop() {
      child.disconnect()
      await ended
    },
  }
}

async function servePeer(model: string): Promise<void> {
  const { env, pipeline } = await import('@huggingface/transformers')
  env.allowRemoteModels = false
  env.localModelPath = dirname(model)
  const options = { dtype: 'fp32', session_options: { intraOpNumThreads: countCores() } } as const
  const classify = await pipeline('text-classification', 'model', options)
  await classify(['a text to warm up with', 'and another'])
  process.on('message', async ({ texts, batchSize, isSorted }: PeerOrder) => {
    const started = performance.now()
    const ordered = isSorted ? [...texts].sort((a, b) => a.length - b.length) : texts
    for (let i = 0; i < ordered.length; i += batchSize) await classify(ordered.slice(i, i + batchSize))
    process.send?.((1000 * texts.length) / (performance.now() - started))
  })
}

const model = process.env.CAPSTAN_BENCH_PEER
if (model && process.send) await servePeer(model)
