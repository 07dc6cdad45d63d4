import type { Row } from '../model/rows';
import { buildRows, sectionKey, snapshotKey, volumeKey } from '../model/rows';
import { PAGE } from '../model/listkeys';
import { treeMove } from '../model/treekeys';
import { snapshot, volume } from './fixtures';

const rows: Row[] = buildRows({
  volumes: [volume({ name: 'home' }), volume({ name: 'x', role: 'other' })],
  history: uid =>
    uid === 'uid-home'
      ? {
          items: [snapshot({ name: 'b' }), snapshot({ name: 'a' })],
          loading: false,
          error: null
        }
      : null,
  expanded: new Set([volumeKey('uid-home'), sectionKey('other')]),
  filter: '',
  showSafety: true
});
const indexOf = (key: string) => rows.findIndex(row => row.key === key);

describe('treeMove', () => {
  const home = indexOf(volumeKey('uid-home'));
  const first = indexOf(snapshotKey('uid-b'));

  it('goes up and down, and stops at the ends', () => {
    expect(treeMove('ArrowDown', rows, home)).toEqual({
      move: 'focus',
      index: home + 1
    });
    expect(treeMove('ArrowUp', rows, 0)).toEqual({ move: 'focus', index: 0 });
    expect(treeMove('End', rows, 0)).toEqual({
      move: 'focus',
      index: rows.length - 1
    });
    expect(treeMove('PageDown', rows, 0)).toEqual({
      move: 'focus',
      index: Math.min(PAGE, rows.length - 1)
    });
  });

  it('unfolds to the right, and then enters the row', () => {
    const key = snapshotKey('uid-b');
    expect(treeMove('ArrowRight', rows, first)).toEqual({
      move: 'toggle',
      key,
      expand: true
    });
    expect(treeMove('ArrowRight', rows, home)).toEqual({ move: 'enter' });
  });

  it('folds to the left, and then goes to the parent', () => {
    expect(treeMove('ArrowLeft', rows, home)).toMatchObject({
      move: 'toggle',
      expand: false
    });
    expect(treeMove('ArrowLeft', rows, first)).toEqual({
      move: 'focus',
      index: home
    });
  });

  it('turns left and right around where text runs from right to left', () => {
    expect(treeMove('ArrowLeft', rows, first, true)).toEqual(
      treeMove('ArrowRight', rows, first)
    );
    expect(treeMove('ArrowRight', rows, first, true)).toEqual(
      treeMove('ArrowLeft', rows, first)
    );
  });

  it('edits and deletes only what can be', () => {
    expect(treeMove('F2', rows, first)).toEqual({ move: 'edit' });
    expect(treeMove('F2', rows, home)).toBeNull();
    expect(treeMove('Delete', rows, home)).toEqual({ move: 'delete' });
    const section = indexOf(sectionKey('other'));
    expect(treeMove('Delete', rows, section)).toBeNull();
  });

  it('leaves other keys and an empty list alone', () => {
    expect(treeMove('a', rows, 0)).toBeNull();
    expect(treeMove('ArrowDown', [], 0)).toBeNull();
  });
});
