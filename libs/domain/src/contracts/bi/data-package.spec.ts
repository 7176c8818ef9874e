import { createHash } from 'node:crypto';
import { DATA_PACKAGE_CHANGED_AT, dataPackage } from './data-package';

describe('the data package', () => {
  it('should have the date of its last change: whoever changes it sets both anew', () => {
    const hash = createHash('sha256').update(JSON.stringify(dataPackage())).digest('hex').slice(0, 16);
    const date = new Date(DATA_PACKAGE_CHANGED_AT / 1_000).toISOString();
    expect({ hash, date }).toEqual({ hash: '5eb32aa4d0484e6c', date: '2026-11-30T00:00:00.000Z' });
  });
});
