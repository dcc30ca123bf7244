export { type Device, type Feeds, openSession, type Session, type SessionOptions } from './session.ts'
