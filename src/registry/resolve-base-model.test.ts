import { createHash } from 'node:crypto'
import { existsSync, mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http'
import type { AddressInfo } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { createRandom, sha256 } from '../base/index.ts'
import { fingerprintFolder } from '../storage/index.ts'
import type { DownloadProgress } from './download-model.ts'
import { resolveBaseModel } from './resolve-base-model.ts'

const commit = 'c0ffee'.padEnd(40, '0')
const weights = Buffer.from(Array.from({ length: 300_000 }, uint8(createRandom('weights'))))
const files: Record<string, Buffer> = {
  'README.md': Buffer.from('not needed'),
  'config.json': Buffer.from('{"model_type":"bert"}'),
  'modules.json': Buffer.from('[]'),
  'onnx/model.onnx': weights,
  'onnx/model_quantized.onnx': Buffer.from('not needed'),
  'tokenizer.json': Buffer.from('{}'),
}

let folder: string
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'capstan-base-'))
})
afterEach(() => rmSync(folder, { recursive: true, force: true }))

describe('a folder', () => {
  it('in transformers.js layout is taken as it is, named by itself and fingerprinted whole', async () => {
    const model = writeModel(join(folder, 'my-encoder'))
    expect(await resolveBaseModel(model, { cacheFolder: folder })).toEqual({
      folder: model,
      name: 'my-encoder',
      source: 'folder',
      sha256: (await fingerprintFolder(model)).sha256,
    })
  })

  it('stands in for the bundled model when none is named', async () => {
    const bundledFolder = writeModel(join(folder, 'bundled'))
    const base = await resolveBaseModel(undefined, { cacheFolder: folder, bundledFolder })
    expect(base).toMatchObject({ source: 'bundled', name: 'bundled', folder: bundledFolder })
  })

  it('that lacks files is refused with all of them named', async () => {
    mkdirSync(join(folder, 'half'))
    writeFileSync(join(folder, 'half', 'config.json'), '{}')
    await expect(resolveBaseModel(join(folder, 'half'), { cacheFolder: folder })).rejects.toMatchObject({
      code: 'registry.base-incomplete',
      details: { missing: ['tokenizer.json', 'onnx/model.onnx'] },
    })
  })

  it.each(['./missing', '/missing/model', 'word', 'owner/name@', '../up', 'owner/..', 'a/b/c'])(
    'or id that cannot be, %s, is refused',
    async (spec) => {
      await expect(resolveBaseModel(spec, { cacheFolder: folder })).rejects.toMatchObject({
        code: 'registry.base-not-found',
      })
    },
  )
})

describe('a model of a hub', () => {
  let hub: Hub
  beforeEach(async () => {
    hub = await startHub()
  })
  afterEach(() => hub.close())
  const download = (spec = 'acme/encoder', options: Partial<Parameters<typeof resolveBaseModel>[1]> = {}) =>
    resolveBaseModel(spec, { cacheFolder: folder, hubUrl: hub.url, ...options })

  it('is fetched by commit, only the files that count, with progress to the last byte', async () => {
    const events: DownloadProgress[] = []
    const base = await download('acme/encoder', { onProgress: (event) => events.push(event) })
    expect(base).toMatchObject({ name: 'acme/encoder', source: 'hub', commit })
    expect(base.folder).toBe(join(folder, 'hub', 'acme', 'encoder', commit))
    const fetched = ['config.json', 'modules.json', 'onnx/model.onnx', 'tokenizer.json']
    expect((await fingerprintFolder(base.folder)).files.map((file) => file.path)).toEqual(fetched)
    expect(readFileSync(join(base.folder, 'onnx/model.onnx')).equals(weights)).toBe(true)
    const totalBytes = fetched.reduce((sum, path) => sum + (files[path] as Buffer).length, 0)
    expect(events.at(-1)).toMatchObject({ receivedBytes: totalBytes, totalBytes })
    expect(events.every((event, i) => i === 0 || event.receivedBytes > (events[i - 1]?.receivedBytes ?? 0))).toBe(true)
  })

  it('is not fetched again, and not even asked for by commit', async () => {
    const first = await download()
    const requests = hub.requests.length
    expect(await download()).toEqual(first)
    expect(hub.requests.slice(requests)).toEqual([expect.stringContaining('/revision/main')])
    expect(await download(`acme/encoder@${commit}`)).toEqual(first)
    expect(hub.requests).toHaveLength(requests + 1)
  })

  it('is found offline as it was last fetched', async () => {
    const first = await download()
    await hub.close()
    expect(await download()).toEqual(first)
  })

  it('goes on within the call, by a range request, after the connection breaks', async () => {
    hub.breakAfter = [100_000, 50_000]
    await download()
    expect(hub.ranges('onnx/model.onnx')).toEqual(['bytes=0-', 'bytes=100000-', 'bytes=150000-'])
  })

  it('goes on in a later call where an earlier one gave up', async () => {
    hub.breakAfter = [70_000, 0, 0, 0]
    await expect(download()).rejects.toMatchObject({
      code: 'registry.download-interrupted',
      message: expect.stringContaining('broke off at 70000 of 300000 bytes'),
    })
    const base = await download()
    expect(hub.ranges('onnx/model.onnx').at(-1)).toBe('bytes=70000-')
    expect(readFileSync(join(base.folder, 'onnx/model.onnx')).equals(weights)).toBe(true)
    expect(hub.ranges('config.json')).toHaveLength(1)
  })

  it('goes on in a later call where an earlier one was stopped', async () => {
    const controller = new AbortController()
    const onProgress = ({ file }: DownloadProgress) => {
      if (file === 'onnx/model.onnx') controller.abort()
    }
    await expect(download('acme/encoder', { onProgress, signal: controller.signal })).rejects.toMatchObject({
      code: 'registry.download-stopped',
    })
    expect(await download()).toMatchObject({ commit })
  })

  it('begins anew when the server does not know ranges', async () => {
    hub.breakAfter = [100_000]
    hub.knowsRanges = false
    const base = await download()
    expect(readFileSync(join(base.folder, 'onnx/model.onnx')).equals(weights)).toBe(true)
  })

  it.each(['onnx/model.onnx', 'config.json'])(
    'is refused when %s has another checksum, and leaves no model',
    async (path) => {
      hub.served[path] = Buffer.alloc((files[path] as Buffer).length, 1)
      await expect(download()).rejects.toMatchObject({ code: 'registry.checksum-mismatch' })
      expect(existsSync(join(folder, 'hub', 'acme', 'encoder', commit))).toBe(false)
      delete hub.served[path]
      expect(await download()).toMatchObject({ commit })
    },
  )

  it('without ONNX files is refused before anything is fetched', async () => {
    hub.listed = ['README.md', 'config.json']
    await expect(download()).rejects.toMatchObject({
      code: 'registry.base-incomplete',
      details: { missing: ['tokenizer.json', 'onnx/model.onnx'] },
    })
    expect(readdirSync(join(folder, 'hub', 'acme', 'encoder'))).toEqual(['references'])
  })

  it.each([
    [404, 'registry.hub-not-found'],
    [401, 'registry.hub-denied'],
    [403, 'registry.hub-denied'],
    [503, 'registry.hub-unreachable'],
  ])('that the hub answers with %s for is %s', async (status, code) => {
    hub.status = status
    await expect(download()).rejects.toMatchObject({ code, message: expect.stringContaining('acme/encoder@main') })
  })

  it('is asked for with the token where there is one', async () => {
    hub.token = 'hf_secret'
    await expect(download()).rejects.toMatchObject({ code: 'registry.hub-denied' })
    expect(await download('acme/encoder@v1.0', { accessToken: 'hf_secret' })).toMatchObject({ commit })
  })

  it('says what to do instead when no hub can be reached', async () => {
    await hub.close()
    await expect(download()).rejects.toMatchObject({
      code: 'registry.hub-unreachable',
      message: expect.stringContaining('ECONNREFUSED'),
      hint: expect.stringMatching(/--base <folder>.*HF_ENDPOINT/),
    })
  })
})

/** The three endpoints of the hub that a download uses, with its checksums and with faults on demand. */
class Hub {
  readonly requests: string[] = []
  /** What is sent in place of the real content. */
  readonly served: Record<string, Buffer> = {}
  listed = Object.keys(files)
  status = 200
  token: string | null = null
  knowsRanges = true
  /** The connection of the n-th reply with weights breaks after so many bytes. */
  breakAfter: number[] = []
  readonly #server: Server

  constructor(server: Server) {
    this.#server = server
    server.on('request', (request, response) => this.#answer(request, response))
  }

  get url(): string {
    return `http://127.0.0.1:${this.#port}`
  }

  #port = 0

  async listen(): Promise<void> {
    await new Promise<void>((resolve) => this.#server.listen(0, '127.0.0.1', resolve))
    this.#port = (this.#server.address() as AddressInfo).port
  }

  async close(): Promise<void> {
    this.#server.closeAllConnections()
    await new Promise((resolve) => this.#server.close(resolve))
  }

  ranges(path: string): string[] {
    return this.requests.flatMap((line) => (line.includes(`/${path} `) ? (line.split(' ')[1] as string) : []))
  }

  #answer(request: IncomingMessage, response: ServerResponse): void {
    const { pathname } = new URL(request.url ?? '', this.url)
    this.requests.push(`${pathname} ${request.headers.range ?? ''}`)
    const isAllowed = this.token === null || request.headers.authorization === `Bearer ${this.token}`
    if (this.status !== 200 || !isAllowed) {
      response.writeHead(isAllowed ? this.status : 401).end()
    } else if (pathname.startsWith('/api/models/acme/encoder/revision/')) {
      sendJson(response, { _id: '1', id: 'acme/encoder', sha: commit, lastModified: '2026-01-01T00:00:00Z' })
    } else if (pathname === `/api/models/acme/encoder/tree/${commit}`) {
      sendJson(response, this.listed.map(toListEntry))
    } else {
      this.#sendFile(pathname.replace(`/acme/encoder/resolve/${commit}/`, ''), request, response)
    }
  }

  #sendFile(path: string, request: IncomingMessage, response: ServerResponse): void {
    const content = this.served[path] ?? (files[path] as Buffer)
    const start = this.knowsRanges ? Number(/^bytes=(\d+)-$/.exec(request.headers.range ?? '')?.[1] ?? 0) : 0
    const rest = content.subarray(start)
    const head = {
      'content-length': rest.length,
      'content-range': `bytes ${start}-${content.length - 1}/${content.length}`,
    }
    response.writeHead(this.knowsRanges ? 206 : 200, head)
    const broken = path === 'onnx/model.onnx' ? this.breakAfter.shift() : undefined
    if (broken === undefined) response.end(rest)
    // A moment for the bytes to arrive: a reset drops what the reader has not taken yet.
    else response.write(rest.subarray(0, broken), () => setTimeout(() => response.destroy(), 30))
  }
}

async function startHub(): Promise<Hub> {
  const hub = new Hub(createServer())
  await hub.listen()
  return hub
}

/** As the hub lists files: large ones with the SHA-256 of LFS, small ones with git's own checksum. */
function toListEntry(path: string) {
  const content = files[path] as Buffer
  const blob = createHash('sha1').update(`blob ${content.length}\0`).update(content).digest('hex')
  const lfs = { oid: sha256(content), size: content.length, pointerSize: 130 }
  return { type: 'file', path, size: content.length, oid: blob, ...(content.length > 1000 ? { lfs } : {}) }
}

function sendJson(response: ServerResponse, body: unknown): void {
  response.writeHead(200, { 'content-type': 'application/json' }).end(JSON.stringify(body))
}

function writeModel(target: string): string {
  for (const [path, content] of Object.entries(files)) {
    mkdirSync(join(target, path, '..'), { recursive: true })
    writeFileSync(join(target, path), content)
  }
  return target
}

function uint8(random: { integer(bound: number): number }) {
  return () => random.integer(256)
}
