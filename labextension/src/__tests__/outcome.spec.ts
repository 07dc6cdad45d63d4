import { nullTranslator } from '@jupyterlab/translation';
import { Format } from '../model/format';
import { fractionOf, summaryOf, titleOf } from '../model/outcome';
import { operation } from './fixtures';

const format = new Format(nullTranslator);
const progress = operation().progress;
const outcome = {
  created: 2,
  replaced: 1,
  metadata: 0,
  removed: 0,
  copied_bytes: 0,
  conflicts: [],
  failures: [],
  conflict_count: 0,
  failure_count: 0
};

describe('fractionOf', () => {
  it('goes by bytes, else by files, else is unknown', () => {
    const of = (change: Partial<typeof progress>) =>
      fractionOf(operation({ progress: { ...progress, ...change } }));
    expect(of({})).toBeNull();
    expect(of({ files_done: 1, files_total: 4 })).toBe(0.25);
    expect(
      of({ files_done: 1, files_total: 4, bytes_done: 3, bytes_total: 4 })
    ).toBe(0.75);
    expect(of({ bytes_done: 9, bytes_total: 4 })).toBe(1);
  });
});

describe('summaryOf', () => {
  it('counts what was brought back and what was left', () => {
    const done = operation({ state: 'done', outcome });
    expect(summaryOf(done, format)).toBe('3 files and folders brought back.');
    const partly = operation({
      state: 'done',
      outcome: {
        ...outcome,
        created: 0,
        metadata: 3,
        removed: 4,
        conflict_count: 2
      }
    });
    expect(summaryOf(partly, format)).toBe(
      '1 file or folder brought back. 4 removed. 2 were left as they are.'
    );
  });

  it('says why it failed and what to do', () => {
    const failed = operation({
      state: 'failed',
      message: 'Full.',
      hint: 'Grow.'
    });
    expect(summaryOf(failed, format)).toBe('Full. Grow.');
    expect(summaryOf(operation({ state: 'cancelled' }), format)).toBe(
      'Cancelled.'
    );
  });
});

describe('titleOf', () => {
  it('names what changes', () => {
    expect(titleOf(operation({ kind: 'undo' }), format)).toBe(
      'Undo on workspace'
    );
  });
});
