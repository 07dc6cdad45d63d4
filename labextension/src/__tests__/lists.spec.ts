import {
  momentOf,
  withOperation,
  withSnapshot,
  withVolume,
  without
} from '../model/lists';
import { operation, snapshot, volume } from './fixtures';

const names = (list: readonly { name: string }[]) =>
  list.map(({ name }) => name);

describe('lists', () => {
  it('keeps volumes as the server orders them', () => {
    const list = [
      volume({ name: 'home' }),
      volume({ name: 'data', role: 'shared' }),
      volume({ name: 'b', role: 'other' })
    ];
    const added = withVolume(list, volume({ name: 'a', role: 'other' }));
    expect(names(added)).toEqual(['home', 'data', 'a', 'b']);
    const shared = withVolume(added, volume({ name: 'zoo', role: 'shared' }));
    expect(names(shared)).toEqual(['home', 'data', 'zoo', 'a', 'b']);
    const last = withVolume(shared, volume({ name: 'c', role: 'other' }));
    expect(names(last)).toEqual(['home', 'data', 'zoo', 'a', 'b', 'c']);
  });

  it('replaces a volume in place', () => {
    const list = [volume({ name: 'a' }), volume({ name: 'b', role: 'other' })];
    const changed = withVolume(list, volume({ name: 'a', note: 'new' }));
    expect(names(changed)).toEqual(['a', 'b']);
    expect(changed[0]!.note).toBe('new');
    expect(list[0]!.note).toBe('');
  });

  it('puts a new snapshot in front and an old one where it belongs', () => {
    const at = (name: string, day: number) =>
      snapshot({ name, created_at: `2026-05-0${day}T00:00:00Z` });
    const list = [at('c', 3), at('a', 1)];
    expect(names(withSnapshot(list, at('d', 4)))).toEqual(['d', 'c', 'a']);
    expect(names(withSnapshot(list, at('b', 2)))).toEqual(['c', 'b', 'a']);
  });

  it('moves a snapshot when it is cut later than it was asked for', () => {
    const pending = snapshot({
      name: 'x',
      phase: 'pending',
      created_at: '2026-05-01T00:00:00Z',
      cut_at: null
    });
    const other = snapshot({ name: 'y', created_at: '2026-05-02T00:00:00Z' });
    const cut = { ...pending, cut_at: '2026-05-03T00:00:00Z' };
    expect(names(withSnapshot([other, pending], cut))).toEqual(['x', 'y']);
    expect(momentOf(pending)).toBe(Date.UTC(2026, 4, 1));
  });

  it('keeps the newest operation first', () => {
    const list = [operation({ id: 'b', started_at: '2026-05-02T00:00:00Z' })];
    const older = operation({ id: 'a', started_at: '2026-05-01T00:00:00Z' });
    expect(withOperation(list, older).map(({ id }) => id)).toEqual(['b', 'a']);
  });

  it('gives back the same list if there is nothing to take away', () => {
    const list = [snapshot({ name: 'a' })];
    expect(without(list, 'b')).toBe(list);
    expect(without(list, 'a')).toEqual([]);
  });
});
