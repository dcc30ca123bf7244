/** Which devices this installation can run graphs on, and what is missing for the others. */
import type { ChildProcess } from 'node:child_process'
import * as ort from 'onnxruntime-node'
import { startProcess, UnsupportedError } from '../base/index.ts'
import { type Device, type DeviceStatus, deviceSchema } from '../contracts/index.ts'

const platform = `${process.platform}/${process.arch}`
/** The first use of a CUDA device takes several seconds. */
const secondsMax = 60

type Steps = { readonly [Platform in NodeJS.Platform]?: string } & { readonly elsewhere: string }

/** What to do where a device cannot be used, by operating system. */
const steps: Readonly<Record<Exclude<Device, 'cpu'>, Steps>> = {
  cuda: {
    linux:
      'Run node node_modules/onnxruntime-node/script/install.js to fetch the provider (x64 only). It needs an NVIDIA driver, CUDA 12 and cuDNN 9: docs/devices.md.',
    elsewhere: 'onnxruntime-node has CUDA on Linux x64 only: choose another device.',
  },
  webgpu: {
    linux:
      'Install a graphics driver with Vulkan, and its loader; Debian and Ubuntu: apt-get install libvulkan1 mesa-vulkan-drivers.',
    win32: 'Install a graphics driver with Direct3D 12.',
    elsewhere: 'It needs a graphics driver: Metal on macOS, Vulkan on Linux, Direct3D 12 on Windows.',
  },
  dml: {
    win32: 'Install a graphics driver with Direct3D 12.',
    elsewhere: 'DirectML is a part of Windows: choose another device.',
  },
  coreml: {
    darwin: 'It needs onnxruntime-node on a Mac with Apple silicon.',
    elsewhere: 'Core ML is a part of macOS: choose another device.',
  },
}

const problems = new Map<Device, Promise<string | null>>()

/** Every device, tried at once, each in a process of its own. */
export async function listDevices(): Promise<DeviceStatus[]> {
  return Promise.all(
    deviceSchema.options.map(async (device) => {
      const reason = await findDeviceProblem(device)
      return { device, usable: reason === null, reason, hint: reason === null ? null : nextStep(device) }
    }),
  )
}

/** Throws UnsupportedError `runtime.no-device` where a graph cannot run there: nothing falls back to the CPU in silence. */
export async function requireDevice(device: Device): Promise<void> {
  const reason = await findDeviceProblem(device)
  if (reason === null) return
  throw new UnsupportedError('runtime.no-device', `The device ${device} cannot be used on ${platform}: ${reason}`, {
    hint: `${nextStep(device)} capstan devices shows what this machine has.`,
    details: { device, platform, reason },
  })
}

/** Each device is tried once in the life of this thread. */
function findDeviceProblem(device: Device): Promise<string | null> {
  if (device === 'cpu') return Promise.resolve(null)
  const known = problems.get(device) ?? tryDevice(device)
  problems.set(device, known)
  return known
}

async function tryDevice(device: Device): Promise<string | null> {
  if (!ort.listSupportedBackends().some(({ name }) => name === device)) {
    return `onnxruntime-node does not carry it for ${platform}`
  }
  return awaitVerdict(startProcess('./device-worker', import.meta.url, [device]), secondsMax)
}

/** What a process reports as its one message (null: no problem), or how it ended without one. */
export function awaitVerdict(child: ChildProcess, secondsMax: number): Promise<string | null> {
  return new Promise((resolve) => {
    let verdict: string | null | undefined
    let printed = ''
    const timer = setTimeout(() => {
      if (verdict === undefined) verdict = `it did not answer within ${secondsMax} s`
      child.kill('SIGKILL')
    }, 1000 * secondsMax)
    child.stdout?.resume()
    child.stderr?.setEncoding('utf8').on('data', (text: string) => {
      printed += text
    })
    child.on('message', (message) => {
      verdict = message as string | null
    })
    child.on('error', ({ message }) => {
      verdict = message
    })
    child.on('close', (code, signal) => {
      clearTimeout(timer)
      if (verdict === undefined)
        verdict = `its driver ended the process that tried it (${signal ?? `exit code ${code}`})`
      resolve(verdict === null ? null : verdict + printedCause(printed))
    })
  })
}

/** What the drivers' code only prints: a library that is missing, a feature that the adapter lacks. */
function printedCause(printed: string): string {
  const [cause] = /(?<=^Warning: ).+|[\w.+-]+\.so[\w.]*: cannot open shared object file/m.exec(printed) ?? []
  return cause === undefined ? '' : ` (${cause})`
}

function nextStep(device: Device): string {
  if (device === 'cpu') return ''
  return steps[device][process.platform] ?? steps[device].elsewhere
}
