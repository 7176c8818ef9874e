export { CaptureModule, type CaptureModuleOptions } from './capture.module';
export { HistoryDuties } from './history/history-duties';
export { RepairGapsUseCase, type RepairReport } from './history/repair-gaps.use-case';
export type { CaptureSnapshot } from './status/capture-snapshot';
export { CaptureStatus } from './status/capture-status';
