export { type Access, createAccess, localActor } from './access.ts'
export type { AccessNeed, Admission } from './admit-request.ts'
export type { NewAuditEntry } from './queries.ts'
export type { RateLimit } from './rate-limiter.ts'
