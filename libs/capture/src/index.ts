export { CaptureModule, type CaptureModuleOptions } from './capture.module';
export { HistoryDuties } from './history/history-duties';
export type { CaptureSnapshot } from './status/capture-snapshot';
export { CaptureStatus } from './status/capture-status';
