import { spawn } from 'node:child_process'
import { describe, expect, it } from 'vitest'
import { encodeModel, GraphBuilder } from '../onnx/index.ts'
import { awaitVerdict, listDevices, requireDevice } from './devices.ts'
import { openSession } from './session.ts'

/** An operating system without it: whatever else this machine has, that device is missing. */
const foreign = process.platform === 'win32' ? 'coreml' : 'dml'

describe('the devices', () => {
  it('are all listed: the CPU as usable, others with why not and what to do', async () => {
    const devices = await listDevices()
    expect(devices.map(({ device }) => device)).toEqual(['cpu', 'cuda', 'webgpu', 'dml', 'coreml'])
    expect(devices[0]).toEqual({ device: 'cpu', usable: true, reason: null, hint: null })
    for (const { usable, reason, hint } of devices) {
      const text = usable ? null : expect.stringMatching(/\w/)
      expect({ reason, hint }).toEqual({ reason: text, hint: text })
    }
  })

  it('that are missing are refused by name, platform and next step', async () => {
    await expect(requireDevice(foreign)).rejects.toThrow(
      expect.objectContaining({
        code: 'runtime.no-device',
        message: `The device ${foreign} cannot be used on ${process.platform}/${process.arch}: onnxruntime-node does not carry it for ${process.platform}/${process.arch}`,
        hint: expect.stringContaining('choose another device'),
      }),
    )
  })

  it('that are missing are not replaced by the CPU', async () => {
    const g = new GraphBuilder()
    const x = g.input('x', 'float32', [1])
    g.output('y', g.add(x, x))
    await expect(openSession(encodeModel(g.build()), { device: foreign })).rejects.toThrow(
      expect.objectContaining({ code: 'runtime.no-device' }),
    )
  })
})

describe('a process that tries a device', () => {
  const start = (program: string) =>
    spawn(process.execPath, ['-e', program], { stdio: ['ignore', 'pipe', 'pipe', 'ipc'] })

  it.each([
    ['that reports no problem', 'process.send(null); process.disconnect()', null],
    ['that reports one', 'process.send("no adapter"); process.disconnect()', 'no adapter'],
    [
      'that prints which library is missing',
      'console.error("error: /x/libcudnn.so.9: cannot open shared object file: no"); process.send("no"); process.disconnect()',
      'no (libcudnn.so.9: cannot open shared object file)',
    ],
    [
      'that prints what the adapter lacks',
      'console.error("Warning: no Vulkan\\n  at x"); process.send("no"); process.disconnect()',
      'no (no Vulkan)',
    ],
    [
      'that its driver kills',
      'process.kill(process.pid, "SIGSEGV")',
      'its driver ended the process that tried it (SIGSEGV)',
    ],
    ['that ends by itself', 'process.exit(3)', 'its driver ended the process that tried it (exit code 3)'],
  ])('%s', async (_, program, verdict) => {
    expect(await awaitVerdict(start(program), 60)).toBe(verdict)
  })

  it('that hangs is ended', async () => {
    expect(await awaitVerdict(start('for (;;);'), 0.1)).toBe('it did not answer within 0.1 s')
  })
})
