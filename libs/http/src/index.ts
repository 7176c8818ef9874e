export { ADMISSION_LIMITS, type AdmissionLimits } from './admission/admission-limits';
export { hasRoomFor, makePiece, reserveRoom, whileWriting, withRoomToMake } from './admission/reply-room';
export { configureApp, type HttpAppContext } from './configure-app';
export {
  asksFor,
  asksForGzip,
  coded,
  codedStream,
  contentCoding,
  streamCoding,
  type CodedBytes,
  type ContentCoding,
} from './content-coding';
export { createHttpAdapter, createHttpApp } from './create-http-app';
export type { WrittenPlace } from './health/disk-space.notes';
export { HealthReport, type HealthStatus } from './health/health-report';
export { ProcessHealth, type Check, type CheckReport, type CheckResult } from './health/process-health';
export { limitHeapGrowth } from './heap-growth';
export { HttpModule, type HttpModuleOptions } from './http.module';
export type { HttpOptions } from './http-options';
export { platformVersion } from './platform-version';
export {
  invalidParameter,
  problemBody,
  ProblemError,
  readerGone,
  shownValue,
  type ProblemOptions,
} from './problem.error';
export { Callers, type Caller } from './keys/callers';
export { isOpenRoute, KEY_PROBLEMS } from './keys/key-check';
export { KeyRing } from './keys/key-ring';
export { privateFor } from './keys/private-answers';
export { PublicAddress } from './public-address';
export { RequestBudget, ROWS_A_REQUEST, type RowCost } from './throttling/request-budget';
export { ReadyAnswers, type ReadyAnswer } from './ready/ready-answers';
export type { RouteTable } from './route-table';
export { runProcess, type ProcessDefinition, type ProcessParts } from './run-process';
export { STOP_SIGNALS } from './serve';
