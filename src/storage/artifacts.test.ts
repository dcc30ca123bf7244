import { chmodSync, mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { sha256 } from '../base/index.ts'
import { type Artifacts, createArtifacts } from './artifacts.ts'
import { fingerprintFolder } from './fingerprint-folder.ts'

let folder: string
let artifacts: Artifacts
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'capstan-artifacts-'))
  artifacts = createArtifacts(join(folder, 'artifacts'))
})
afterEach(() => rmSync(folder, { recursive: true, force: true }))

describe('a stored file', () => {
  it('lies under its own checksum, read-only, once however often it is put', async () => {
    const bytes = Buffer.from('weights')
    const first = await artifacts.putFile(bytes)
    const { ino } = statSync(await artifacts.locateFile(first.sha256))
    writeFileSync(join(folder, 'copy'), bytes)
    expect(await artifacts.putFile(join(folder, 'copy'))).toEqual(first)
    expect(first).toEqual({ sha256: sha256(bytes), sizeBytes: 7 })
    const path = join(folder, 'artifacts', first.sha256.slice(0, 2), first.sha256)
    expect(await artifacts.locateFile(first.sha256)).toBe(path)
    expect(statSync(path).mode & 0o777).toBe(0o444)
    expect(statSync(path).ino).toBe(ino)
    expect(readdirSync(join(folder, 'artifacts'), { recursive: true })).toHaveLength(2)
  })

  it('leaves nothing behind when its source cannot be read to the end', async () => {
    async function* breaking() {
      yield Buffer.from('half')
      throw new Error('source broke')
    }
    const { writeWhole } = await import('./write-whole.ts')
    await expect(writeWhole(join(folder, 'target'), breaking())).rejects.toThrow('source broke')
    expect(readdirSync(folder)).toEqual([])
  })

  it('is refused when missing or changed, naming the file', async () => {
    await expect(artifacts.locateFile(sha256('never put'))).rejects.toMatchObject({ code: 'storage.artifact-missing' })
    const { sha256: name } = await artifacts.putFile(Buffer.from('weights'))
    damage(name)
    await expect(artifacts.locateFile(name)).rejects.toMatchObject({
      code: 'storage.artifact-corrupt',
      message: expect.stringContaining(name),
    })
  })

  it('is healed by putting it again', async () => {
    const { sha256: name } = await artifacts.putFile(Buffer.from('weights'))
    damage(name)
    await artifacts.putFile(Buffer.from('weights'))
    expect(readFileSync(await artifacts.locateFile(name), 'utf8')).toBe('weights')
  })

  it('of 100 MB passes through constant memory', async () => {
    const chunk = Buffer.alloc(1 << 20, 7)
    writeFileSync(join(folder, 'big'), '')
    for (let i = 0; i < 100; i++) writeFileSync(join(folder, 'big'), chunk, { flag: 'a' })
    const before = process.memoryUsage().arrayBuffers
    let peak = 0
    const sampler = setInterval(() => {
      peak = Math.max(peak, process.memoryUsage().arrayBuffers - before)
    }, 5)
    const { sizeBytes } = await artifacts.putFile(join(folder, 'big'))
    clearInterval(sampler)
    expect(sizeBytes).toBe(100 << 20)
    expect(peak).toBeGreaterThan(0)
    expect(peak).toBeLessThan(60 << 20)
  })
})

describe('a folder', () => {
  const files = { 'config.json': '{}', 'onnx/model.onnx': 'weights', 'onnx/model.onnx_data': 'weights' }

  it('comes back with the same files, linked and not copied, and its manifest is ordered by path', async () => {
    const source = writeFolder('source', files)
    const manifest = await artifacts.putFolder(source)
    expect(manifest.map((file) => file.path)).toEqual(Object.keys(files).sort())
    await artifacts.materializeFolder(manifest, join(folder, 'target'))
    expect(await fingerprintFolder(join(folder, 'target'))).toEqual(await fingerprintFolder(source))
    const stored = await artifacts.locateFile(sha256('weights'))
    expect(statSync(join(folder, 'target/onnx/model.onnx')).ino).toBe(statSync(stored).ino)
  })

  it('is replaced where the target holds anything else, and left as it is where it is right', async () => {
    const manifest = await artifacts.putFolder(writeFolder('source', files))
    const target = writeFolder('target', { 'config.json': 'old', stale: 'x' })
    await artifacts.materializeFolder(manifest, target)
    expect((await fingerprintFolder(target)).files).toEqual(manifest)
    const { ino } = statSync(target)
    await artifacts.materializeFolder(manifest, target)
    expect(statSync(target).ino).toBe(ino)
  })

  it('is not touched when one of the stored files is damaged', async () => {
    const manifest = await artifacts.putFolder(writeFolder('source', files))
    damage(sha256('weights'))
    const target = writeFolder('target', { mine: 'x' })
    await expect(artifacts.materializeFolder(manifest, target)).rejects.toMatchObject({
      code: 'storage.artifact-corrupt',
    })
    expect(readdirSync(target)).toEqual(['mine'])
    expect(readdirSync(folder).sort()).toEqual(['artifacts', 'source', 'target'])
  })

  it.each(['../escape', '/etc/passwd', 'a/../../b', '.', 'a//b'])('refuses the path %s', async (path) => {
    const { sha256: name } = await artifacts.putFile(Buffer.from('x'))
    const manifest = [{ path, sha256: name, sizeBytes: 1 }]
    await expect(artifacts.materializeFolder(manifest, join(folder, 'target'))).rejects.toMatchObject({
      code: 'storage.unsafe-path',
    })
  })
})

it('a folder fingerprint changes with any name or content and not with the order of writing', async () => {
  const base = await fingerprintFolder(writeFolder('a', { x: '1', y: '2' }))
  expect((await fingerprintFolder(writeFolder('b', { y: '2', x: '1' }))).sha256).toBe(base.sha256)
  expect((await fingerprintFolder(writeFolder('c', { x: '2', y: '1' }))).sha256).not.toBe(base.sha256)
  expect((await fingerprintFolder(writeFolder('d', { x: '1', z: '2' }))).sha256).not.toBe(base.sha256)
})

function writeFolder(name: string, files: Record<string, string>): string {
  for (const [path, text] of Object.entries(files)) {
    mkdirSync(join(folder, name, path, '..'), { recursive: true })
    writeFileSync(join(folder, name, path), text)
  }
  return join(folder, name)
}

function damage(name: string): void {
  const path = join(folder, 'artifacts', name.slice(0, 2), name)
  chmodSync(path, 0o644)
  writeFileSync(path, 'damaged')
}
