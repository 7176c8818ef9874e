import { isAbsolute, relative } from 'node:path';
import type { AppConfig } from '@app/config';

/** Where builds of the tables are unless another folder is named (`BI_BUILD_DIR`), as seen from the working directory. */
export function defaultBuildFolder({ builds }: Pick<AppConfig, 'builds'>): string {
  const path = relative(process.cwd(), builds.folder);
  return path === '' || path.startsWith('..') || isAbsolute(path) ? builds.folder : path;
}
