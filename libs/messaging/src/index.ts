export { DirectPublisher, type DirectPublisherTimes } from './direct-publisher';
export { MessagingModule } from './messaging.module';
export { PublisherMetrics } from './publisher-metrics';
export { RejectedLog } from './rejected-log';
export { FolderLockedError } from './spool/folder-lock';
export { Spool, type SpoolOptions, type SpoolRead } from './spool/spool';
