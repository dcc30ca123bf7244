import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, expect, it } from 'vitest'
import { openEnergyMeter } from './energy-meter.ts'

const root = mkdtempSync(join(tmpdir(), 'capstan-powercap-'))
afterAll(() => rmSync(root, { recursive: true }))

function writeZone(folder: string, zone: string, files: Record<string, string>): void {
  mkdirSync(join(folder, zone), { recursive: true })
  for (const [name, text] of Object.entries(files)) writeFileSync(join(folder, zone, name), `${text}\n`)
}

it('the energy of all packages is added up, also where a counter begins anew, and that of their parts is not', () => {
  const folder = join(root, 'two-packages')
  const range = { max_energy_range_uj: '1000000000' }
  writeZone(folder, 'intel-rapl', {})
  writeZone(folder, 'intel-rapl:0', { name: 'package-0', energy_uj: '999000000', ...range })
  writeZone(folder, 'intel-rapl:0:0', { name: 'core', energy_uj: '5', ...range })
  writeZone(folder, 'intel-rapl:1', { name: 'package-1', energy_uj: '10000000', ...range })
  writeZone(folder, 'intel-rapl:2', { name: 'psys', energy_uj: '7', ...range })
  const meter = openEnergyMeter(folder)
  expect(meter?.read()).toBe(0)
  writeZone(folder, 'intel-rapl:0', { energy_uj: '2500000' })
  writeZone(folder, 'intel-rapl:1', { energy_uj: '14000000' })
  writeZone(folder, 'intel-rapl:2', { energy_uj: '900000000' })
  // 1 J to the end of the range, 2.5 after it, and 4 of the other package.
  expect(meter?.read()).toBe(7.5)
  expect(meter?.read()).toBe(7.5)
  meter?.close()
})

it('a machine without counters has no meter', () => {
  expect(openEnergyMeter(join(root, 'none'))).toBeNull()
  writeZone(join(root, 'empty'), 'dtpm', { name: 'dtpm' })
  expect(openEnergyMeter(join(root, 'empty'))).toBeNull()
})
