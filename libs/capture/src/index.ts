export { CaptureModule, type CaptureModuleOptions } from './capture.module';
export type { CaptureSnapshot } from './status/capture-snapshot';
export { CaptureStatus } from './status/capture-status';
