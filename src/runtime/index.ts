export { type Device, type Feeds, listDevices, openSession, type Session, type SessionOptions } from './session.ts'
