export { redactText, retainText } from './retention/redact-text.ts'
export {
  type CircuitBreaker,
  type CircuitPermit,
  type CircuitState,
  createCircuitBreaker,
} from './teachers/circuit-breaker.ts'
export {
  type BudgetDay,
  type BudgetStore,
  createDailyBudget,
  createMemoryBudgetStore,
  type DailyBudget,
} from './teachers/daily-budget.ts'
export { type GuardedTeacher, type GuardOptions, guardTeacher } from './teachers/guard-teacher.ts'
export type { LabelQueue } from './teachers/human-teacher.ts'
export { type OpenTeachersOptions, openTeachers } from './teachers/open-teachers.ts'
export type {
  Failure,
  Provenance,
  TaughtTask,
  Teacher,
  TeacherAnswer,
  TeacherEvent,
  TeacherInput,
  TeacherOutcome,
  TeacherTry,
  UnavailableReason,
} from './teachers/teacher.ts'
