export { countCores } from './count-cores.ts'
export { listDevices, requireDevice } from './devices.ts'
export { type EnergyMeter, openEnergyMeter } from './energy-meter.ts'
export { type Feeds, openSession, type Session, type SessionOptions } from './session.ts'
