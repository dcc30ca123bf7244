export { redactText, retainText } from './retention/redact-text.ts'
export { type BudgetDay, type BudgetStore, createMemoryBudgetStore } from './teachers/daily-budget.ts'
export type { GuardedTeacher } from './teachers/guard-teacher.ts'
export type { LabelQueue } from './teachers/human-teacher.ts'
export { type OpenTeachersOptions, openTeachers } from './teachers/open-teachers.ts'
export type {
  Provenance,
  TeacherAnswer,
  TeacherEvent,
  TeacherInput,
  TeacherOutcome,
  UnavailableReason,
} from './teachers/teacher.ts'
