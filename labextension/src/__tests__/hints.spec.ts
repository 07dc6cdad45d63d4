import { Hints } from '../model/hints';

describe('Hints', () => {
  it('names each thing once, and the volume of a snapshot too', () => {
    const hints = new Hints();
    hints.add({ kind: 'volume', name: 'v' });
    hints.add({ kind: 'snapshot', name: 's', volume: 'v' });
    hints.add({ kind: 'snapshot', name: 's', volume: 'v' });
    hints.add({ kind: 'operation', name: 'o' });
    hints.add({ kind: 'operation', name: 'o' });
    const taken = hints.take();
    expect(taken.volumes).toEqual(['v']);
    expect([...taken.snapshots!]).toEqual([['v', ['s']]]);
    expect(taken.operations).toEqual(['o']);
    expect(taken.everything).toBe(false);
  });

  it('is empty after it was taken', () => {
    const hints = new Hints();
    hints.add({ kind: 'volume', name: 'v' });
    hints.add({ kind: 'connection' });
    expect(hints.take().everything).toBe(true);
    expect(hints.take()).toMatchObject({ everything: false, volumes: [] });
  });

  it('asks for the list instead of for very many single things', () => {
    const hints = new Hints();
    for (let index = 0; index < 30; index++) {
      hints.add({ kind: 'snapshot', name: `s${index}`, volume: 'v' });
      hints.add({ kind: 'volume', name: `v${index}` });
    }
    const taken = hints.take();
    expect(taken.snapshots).toBeNull();
    expect(taken.volumes).toBeNull();
  });

  it('takes a hint without a name for many', () => {
    const hints = new Hints();
    hints.add({ kind: 'snapshot', name: '', volume: '' });
    hints.add({ kind: 'operation', name: '' });
    expect(hints.take()).toEqual({
      everything: false,
      volumes: null,
      operations: null,
      snapshots: null,
      goneVolumes: [],
      goneSnapshots: [],
      goneOperations: []
    });
  });

  it('has nothing to fetch of what is gone, unless it came back', () => {
    const hints = new Hints();
    hints.add({ kind: 'volume', name: 'v', action: 'modified' });
    hints.add({ kind: 'volume', name: 'v', action: 'deleted' });
    hints.add({ kind: 'snapshot', name: 's', volume: 'v', action: 'deleted' });
    hints.add({ kind: 'volume', name: 'w', action: 'deleted' });
    hints.add({ kind: 'volume', name: 'w', action: 'added' });
    const taken = hints.take();
    expect(taken.volumes).toEqual(['w']);
    expect(taken.goneVolumes).toEqual(['v']);
    expect([...taken.snapshots!]).toEqual([]);
    expect(taken.goneSnapshots).toEqual(['s']);
  });
});
