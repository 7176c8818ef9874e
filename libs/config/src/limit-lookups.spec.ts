import { limitLookups } from './limit-lookups';

describe('limitLookups', () => {
  it('should bound lookups, unless the operator has said how', () => {
    const environment: NodeJS.ProcessEnv = {};
    limitLookups(environment);
    expect(environment['RES_OPTIONS']).toBe('timeout:2 attempts:2');
    const theirs: NodeJS.ProcessEnv = { RES_OPTIONS: 'rotate' };
    limitLookups(theirs);
    expect(theirs['RES_OPTIONS']).toBe('rotate');
  });
});
