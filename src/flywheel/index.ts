export { type ComparisonVerdict, compareModels, type ModelComparison } from './comparison/compare-models.ts'
export {
  type DetectDriftOptions,
  type DriftReport,
  type DriftStatistic,
  type DriftTest,
  detectDrift,
  type TrafficWindow,
} from './drift/detect-drift.ts'
export { detectDriftInThread } from './drift/detect-drift-in-thread.ts'
export { estimateLabelShift, type KnownPrediction } from './drift/estimate-label-shift.ts'
export type { EmbeddingRows } from './embedding-rows.ts'
export { type AuditReading, type Audits, readAudits, recordAudit, startAudits } from './gate/audits.ts'
export type { CalibrationPair } from './gate/calibration-pair.ts'
export { type ChooseThresholdOptions, chooseThreshold } from './gate/choose-threshold.ts'
export { acceptsScore, type Gate, type GateEvidence } from './gate/gate.ts'
export type { GatePromise } from './gate/gate-promise.ts'
export { type PooledEvidence, poolEvidence } from './gate/pool-evidence.ts'
export { type SimulatedTask, simulateGates } from './gate/simulate-gate.ts'
export { applyTemperature, confidencesOf, fitTemperature, type LogitRows, toLogits } from './gate/temperature.ts'
export {
  type ChooseToLabelOptions,
  chooseToLabel,
  type RequestToLabel,
  type UnlabelledRequests,
} from './labelling/choose-to-label.ts'
export { findLabelErrors, type LabelErrors, type LikelyLabelError } from './labelling/find-label-errors.ts'
export { hashText, hashTexts } from './labelling/hash-text.ts'
export { type AnnotatorAgreement, krippendorffAlpha, type MeasurementLevel } from './labelling/krippendorff-alpha.ts'
export {
  chooseRejection,
  isOutOfScope,
  type Rejection,
  type RejectionOptions,
} from './out-of-scope/choose-rejection.ts'
export { type DistanceScorer, fitCosineDistance, fitMahalanobisDistance } from './out-of-scope/class-distances.ts'
export { type Alert, raiseAlert, selectAlerts } from './records/alerts.ts'
export { createBudgetStore } from './records/budget-store.ts'
export { type NewFeedback, recordFeedback, type StoredFeedback } from './records/feedback-records.ts'
export {
  addAudit,
  type CalibrationScore,
  closeGate,
  type GateRecord,
  insertGate,
  selectCalibrationScores,
  selectGate,
} from './records/gate-records.ts'
export {
  answerQuestion,
  askQuestions,
  createLabelQueue,
  type LabelQuestion,
  selectLabelAnswers,
  selectOpenQuestions,
  spokenAnswer,
} from './records/label-questions.ts'
export {
  addExamples,
  countExamples,
  type ExampleRecord,
  findPrediction,
  type PredictionRecord,
  recordTeacherAnswer,
  selectExamples,
  storeAnswer,
  textKeyOf,
} from './records/prediction-records.ts'
export { labelsOfAnswer, sameAnswer } from './records/same-answer.ts'
export { readTaskState, type TaskState, updateTaskState } from './records/task-state.ts'
export {
  countDriftLook,
  countRepresentativeSince,
  selectShadowAnswers,
  selectTraffic,
  selectUnlabelled,
  summarizeTraffic,
  type TrafficRow,
} from './records/traffic.ts'
export { redactText, retainText } from './retention/redact-text.ts'
export { chooseRetraining, type RetrainingDue, type RetrainingFacts } from './retraining/choose-retraining.ts'
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
