export { CaptureModule, type CaptureModuleOptions } from './capture.module';
export {
  BackfillHistoryUseCase,
  type BackfillHistoryReport,
  type FailedDay,
} from './history/backfill-history.use-case';
export { HistoryDuties } from './history/history-duties';
export { ImportArchiveDayUseCase, type ArchiveDayOutcome } from './history/import-archive-day.use-case';
export { ImportFileUseCase, type ImportedFileOutcome, type ImportFileOptions } from './history/import-file.use-case';
export { RebuildHistoryUseCase, type RebuildReport } from './history/rebuild-history.use-case';
export { RepairGapsUseCase, type RepairReport } from './history/repair-gaps.use-case';
export type { CaptureSnapshot } from './status/capture-snapshot';
export { CaptureStatus } from './status/capture-status';
