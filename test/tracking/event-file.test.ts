import { mkdtempSync, readdirSync, readFileSync, rmSync, symlinkSync, writeFileSync } from 'node:fs'
import { hostname, tmpdir } from 'node:os'
import { join } from 'node:path'
import fc from 'fast-check'
import { afterAll, describe, expect, it } from 'vitest'
import { encodeEvent } from '../../src/tracking/event.ts'
import { openEventFile } from '../../src/tracking/event-file.ts'
import { readEvents } from './read-events.ts'

const root = mkdtempSync(join(tmpdir(), 'capstan-events-'))
const time = new Date('2026-11-25T12:00:00.500Z')
const clock = { now: () => time }
const failed: Error[] = []
const open = (folder: string) =>
  openEventFile({ folder: join(root, folder), clock, onError: (error) => failed.push(error) })

afterAll(() => rmSync(root, { recursive: true }))

describe('an event file', () => {
  it('is, byte for byte, what TensorBoard reads', async () => {
    const file = await open('bytes')
    file.startSession(1)
    file.writeScalars(1, { 'train/loss': 0.5, 'train/learning_rate': 3e-4 })
    await file.close()
    // Read by tensorboard 2.21.0 (EventAccumulator and its server): train/loss 0.5 and train/learning_rate 0.0003 at step 1.
    expect(
      readFileSync(file.path)
        .toString('hex')
        .match(/.{1,64}/g),
    ).toMatchInlineSnapshot(`
      [
        "1800000000000000a37f4b220900002070b3c1da411a0d627261696e2e457665",
        "6e743a32e21a6f620f000000000000006d532b090900002070b3c1da4110013a",
        "0208017794e7823c00000000000000c8b7a3520900002070b3c1da4110012a2f",
        "0a110a0a747261696e2f6c6f7373150000003f0a1a0a13747261696e2f6c6561",
        "726e696e675f726174651552499d39df9295da",
      ]
    `)
  })

  it('has the name by which TensorBoard finds it, made of time, host and process', async () => {
    const file = await open('name')
    await file.close()
    const seconds = Date.parse('2026-11-25T12:00:00Z') / 1000
    expect(readdirSync(join(root, 'name'))).toEqual([`events.out.tfevents.${seconds}.${hostname()}.${process.pid}`])
  })

  it('goes on where it was opened again within the second', async () => {
    for (const step of [1, 2]) {
      const file = await open('again')
      file.writeScalars(step, { x: step })
      await file.close()
    }
    const [path = ''] = readdirSync(join(root, 'again'))
    expect(readEvents(join(root, 'again', path)).map(({ step }) => step)).toEqual([0, 1, 0, 2])
  })

  it('is refused where the folder cannot be, and says why', async () => {
    writeFileSync(join(root, 'a-file'), '')
    await expect(open('a-file')).rejects.toMatchObject({
      code: 'tracking.folder-unusable',
      message: expect.stringContaining(join(root, 'a-file')),
    })
  })

  it.runIf(process.platform === 'linux')(
    'that cannot be written any more says so once and lets the run go on',
    async () => {
      const { path, close } = await open('full')
      await close()
      rmSync(path)
      symlinkSync('/dev/full', path)
      const file = await open('full')
      for (let step = 1; step < 100; step++) {
        file.writeScalars(step, { x: step })
        await new Promise(setImmediate)
      }
      await file.close()
      expect(failed).toEqual([expect.objectContaining({ code: 'ENOSPC' })])
    },
  )
})

describe('an event', () => {
  it('is read back with its step, time, tags and values, both checksums right', () => {
    const scalars = fc.dictionary(fc.string({ unit: 'grapheme' }), fc.float({ noNaN: true }), { noNullPrototype: true })
    fc.assert(
      fc.property(fc.nat(), scalars, fc.date({ noInvalidDate: true, min: new Date(0) }), (step, values, at) => {
        const bytes = encodeEvent({ type: 'scalars', time: at, step, scalars: values })
        expect(readEvents(bytes)).toEqual([{ step, seconds: at.getTime() / 1000, scalars: values }])
      }),
    )
  })

  it('that was changed by a bit is found out', () => {
    const bytes = encodeEvent({ type: 'scalars', time, step: 7, scalars: { 'train/loss': 1 } })
    for (let bit = 0; bit < 8 * bytes.length; bit += 5) {
      const changed = Uint8Array.from(bytes)
      changed[bit >> 3] = (changed[bit >> 3] as number) ^ (1 << (bit & 7))
      expect(() => readEvents(changed)).toThrow()
    }
  })
})
