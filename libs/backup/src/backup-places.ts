import type { AppConfig } from '@app/config';

/** The setting whose disk scheduled backups fill; none without a schedule. */
export function backupPlaces({ backups }: Pick<AppConfig, 'backups'>): { setting: string; path: string }[] {
  return backups.dailyAt === null ? [] : [{ setting: 'BACKUP_DIR', path: backups.folder }];
}
