import { isMountPoint } from './mount-point';

describe('isMountPoint', () => {
  const MOUNTS = [
    '22 27 0:21 / /proc rw,relatime - proc proc rw',
    '42 27 254:0 /data/app.db /srv/app.db rw,relatime - ext4 /dev/vda rw',
    '43 27 254:0 /data/my\\040app.db /srv/my\\040app.db rw,relatime shared:1 - ext4 /dev/vda rw',
    '',
  ].join('\n');

  it('should be true for what is mounted at the path, blanks in it or not', () => {
    expect(isMountPoint('/srv/app.db', MOUNTS)).toBe(true);
    expect(isMountPoint('/srv/my app.db', MOUNTS)).toBe(true);
    expect(isMountPoint('/proc', MOUNTS)).toBe(true);
  });

  it('should be false for what lies in a mounted folder, and where nothing is known', () => {
    expect(isMountPoint('/proc/app.db', MOUNTS)).toBe(false);
    expect(isMountPoint('/data/app.db', MOUNTS)).toBe(false);
    expect(isMountPoint('/srv/app.db', '')).toBe(false);
  });
});
