export { type App, type AppOptions, createApp } from './app.ts'
export type { ServerLimits } from './routes.ts'
export type { ObservedBatch, ObservedTeacher, ServedPlatform } from './served-platform.ts'
export { type RunningServer, type ServerOptions, startServer } from './start-server.ts'
