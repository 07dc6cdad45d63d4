import type { IRowsOptions, Row } from '../model/rows';
import { buildRows, sectionKey, snapshotKey, volumeKey } from '../model/rows';
import type { IHistory } from '../tokens';
import { ORPHANS } from '../tokens';
import { snapshot, volume } from './fixtures';

const home = volume({ name: 'home' });
const data = volume({ name: 'data', role: 'shared', note: 'Images' });
const extra = volume({ name: 'extra', role: 'other' });

function history(...items: IHistory['items']): IHistory {
  return { items, loading: false, error: null };
}

function build(change: Partial<IRowsOptions> = {}): Row[] {
  return buildRows({
    volumes: [home, data, extra],
    history: () => null,
    expanded: new Set([sectionKey('shared'), sectionKey('other')]),
    filter: '',
    showSafety: true,
    ...change
  });
}

const keys = (rows: Row[]) => rows.map(({ key }) => key);

describe('buildRows', () => {
  it('shows the workspace, then each section with its volumes', () => {
    expect(keys(build())).toEqual([
      volumeKey('uid-home'),
      sectionKey('shared'),
      volumeKey('uid-data'),
      sectionKey('other'),
      volumeKey('uid-extra'),
      sectionKey('orphans')
    ]);
  });

  it('leaves out empty and folded sections', () => {
    const rows = build({ volumes: [home, data], expanded: new Set() });
    expect(keys(rows)).toEqual([
      volumeKey('uid-home'),
      sectionKey('shared'),
      sectionKey('orphans')
    ]);
  });

  it('groups snapshots by local days, and numbers them', () => {
    const at = (name: string, day: number, hour: number) =>
      snapshot({
        name,
        created_at: new Date(2026, 4, day, hour).toISOString()
      });
    const rows = build({
      volumes: [home],
      expanded: new Set([volumeKey('uid-home')]),
      history: uid =>
        uid === ORPHANS
          ? null
          : history(at('c', 2, 9), at('b', 1, 23), at('a', 1, 0))
    }).filter(row => row.kind === 'snapshot');
    expect(rows.map(({ day }) => day !== null)).toEqual([true, true, false]);
    expect(rows.map(({ position, size }) => [position, size])).toEqual([
      [1, 3],
      [2, 3],
      [3, 3]
    ]);
    expect(rows.map(({ level, parent }) => [level, parent])[0]).toEqual([
      2,
      volumeKey('uid-home')
    ]);
  });

  it('hides safety snapshots if asked to, and says that there are some', () => {
    const rows = build({
      volumes: [home],
      expanded: new Set([volumeKey('uid-home')]),
      history: () => history(snapshot({ purpose: 'safety' })),
      showSafety: false
    });
    expect(rows[1]).toMatchObject({ kind: 'notice', hidden: true });
  });

  it('finds volumes by all words of the filter', () => {
    expect(keys(build({ filter: 'IMAGES data' }))).toContain(
      volumeKey('uid-data')
    );
    expect(keys(build({ filter: 'images nothing' }))).not.toContain(
      volumeKey('uid-data')
    );
  });

  it('unfolds a volume for a snapshot that fits, and shows just that', () => {
    const found = snapshot({
      name: 'x',
      origin: {
        kind: 'notebook',
        notebook: 'Training.ipynb',
        cell: '',
        commit: '',
        run: ''
      }
    });
    const rows = build({
      filter: 'training',
      expanded: new Set(),
      history: uid =>
        uid === 'uid-extra' ? history(found, snapshot({ name: 'y' })) : null
    });
    expect(keys(rows)).toContain(snapshotKey('uid-x'));
    expect(keys(rows)).not.toContain(snapshotKey('uid-y'));
    expect(keys(rows)).not.toContain(volumeKey('uid-data'));
  });

  it('makes 5,000 rows within a frame or two', () => {
    const many = Array.from({ length: 5_000 }, (_, index) =>
      snapshot({
        name: `s${index}`,
        created_at: new Date(1.7e12 - index * 3.6e6).toISOString()
      })
    );
    const options = {
      volumes: [home],
      expanded: new Set([volumeKey('uid-home')]),
      history: () => history(...many)
    };
    build(options);
    const start = performance.now();
    const rows = build(options);
    expect(performance.now() - start).toBeLessThan(100);
    expect(rows).toHaveLength(5_002);
  });
});
