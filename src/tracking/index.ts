export { type EventFile, openEventFile } from './event-file.ts'
