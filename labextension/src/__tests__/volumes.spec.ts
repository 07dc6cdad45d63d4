import { Reason } from '../api/errors';
import type { Operation, Snapshot } from '../api/types';
import { VolumesModel } from '../model/volumes';
import { ORPHANS } from '../tokens';
import {
  FakeEvents,
  FakeServer,
  operation,
  snapshot,
  status,
  until,
  volume
} from './fixtures';

const GONE = { reason: 'NotFound', message: 'Gone.', hint: '' };

describe('VolumesModel', () => {
  let server: FakeServer;
  let events: FakeEvents;
  let model: VolumesModel;
  let volumes = [volume({ snapshots: 1 })];
  let snapshots: Snapshot[] = [];
  let operations: Operation[] = [];

  beforeEach(() => {
    server = new FakeServer();
    events = new FakeEvents();
    volumes = [
      volume({ snapshots: 1 }),
      volume({ name: 'data', role: 'shared' })
    ];
    snapshots = [snapshot({ name: 'a' })];
    operations = [];
    server.on('GET status', () => [200, status()]);
    server.on('GET volumes', () => [200, { items: volumes }]);
    server.on('GET operations', () => [200, { items: operations }]);
    server.on('GET volumes/workspace', () => [200, volumes[0]]);
    server.on('GET volumes/workspace/snapshots', () => [
      200,
      { items: snapshots }
    ]);
    server.on('GET snapshots', () => [
      200,
      {
        items: [
          ...snapshots,
          snapshot({ name: 'old', stale: true, volume_uid: 'gone' })
        ]
      }
    ]);
    model = new VolumesModel({
      serverSettings: server.settings,
      events: events.manager
    });
  });

  afterEach(() => model.dispose());

  const uid = 'uid-workspace';

  it('asks nothing before it is started, whatever happens', async () => {
    events.emit({ kind: 'connection' });
    model.isVisible = true;
    await new Promise(resolve => setTimeout(resolve, 200));
    expect(server.requests).toEqual([]);
    expect(model.isLoaded).toBe(false);
  });

  it('fetches once, however often it is started', async () => {
    await Promise.all([model.start(), model.start()]);
    await model.start();
    expect(server.requests.map(({ path }) => path).sort()).toEqual([
      'operations',
      'status',
      'volumes'
    ]);
    expect(model.workspace?.name).toBe('workspace');
  });

  it('keeps what it has when a later fetch fails, and recovers', async () => {
    await model.start();
    await model.loadHistory(uid);
    server.isDown = true;
    await model.refresh();
    expect(model.error?.reason).toBe(Reason.offline);
    expect(model.volumes).toHaveLength(2);
    expect(model.history(uid)?.items).toHaveLength(1);
    server.isDown = false;
    await model.refresh();
    expect(model.error).toBeNull();
    await until(() => model.history(uid)?.error === null);
  });

  it('refuses another version of the interface', async () => {
    server.on('GET status', () => [200, status({ api_version: 99 })]);
    await model.start();
    expect(model.error?.reason).toBe(Reason.version);
    expect(model.status?.api_version).toBe(99);
  });

  it('says that the server extension is missing', async () => {
    server.routes.clear();
    await model.start();
    expect(model.error?.reason).toBe(Reason.missing);
  });

  it('says since when the API server is out of reach', async () => {
    const since = '2026-05-01T10:00:00Z';
    server.on('GET volumes', () => [
      200,
      { items: volumes, stale_since: since }
    ]);
    await model.start();
    expect(model.staleSince).toEqual(new Date(since));
  });

  it('fetches just the snapshot and the volume that an event names', async () => {
    await model.start();
    await model.loadHistory(uid);
    server.requests.length = 0;
    server.on('GET snapshots/b', () => [200, snapshot({ name: 'b' })]);
    volumes[0] = volume({ snapshots: 2 });
    for (let index = 0; index < 5; index++) {
      events.emit({ kind: 'snapshot', name: 'b', volume: 'workspace' });
    }
    await until(() => model.history(uid)?.items.length === 2);
    await until(() => model.workspace?.snapshots === 2);
    expect(server.requests.map(({ path }) => path).sort()).toEqual([
      'snapshots/b',
      'volumes/workspace'
    ]);
  });

  it('does not fetch snapshots that nobody looks at', async () => {
    await model.start();
    server.requests.length = 0;
    events.emit({ kind: 'snapshot', name: 'b', volume: 'workspace' });
    await until(() => server.count('GET volumes/workspace') === 1);
    expect(server.count('GET snapshots/b')).toBe(0);
  });

  it('forgets a snapshot that is gone', async () => {
    await model.start();
    await model.loadHistory(uid);
    server.on('GET snapshots/a', () => [404, GONE]);
    events.emit({ kind: 'snapshot', name: 'a', volume: 'workspace' });
    await until(() => model.history(uid)?.items.length === 0);
    expect(model.snapshot('a')).toBeNull();
  });

  it('forgets a volume that is gone, and its history', async () => {
    await model.start();
    await model.loadHistory(uid);
    server.on('GET volumes/workspace', () => [404, GONE]);
    volumes = volumes.slice(1);
    events.emit({ kind: 'volume', name: 'workspace' });
    await until(() => model.workspace === null);
    await model.refresh();
    expect(model.history(uid)).toBeNull();
  });

  it('fetches everything when the connection was lost', async () => {
    await model.start();
    server.requests.length = 0;
    events.emit({ kind: 'connection' });
    await until(() => server.count('GET status') === 1);
    await until(() => server.count('GET volumes') === 1);
  });

  it('draws nothing anew when a look finds nothing new', async () => {
    await model.start();
    const { revision } = model;
    await model['_look']();
    expect(model.revision).toBe(revision);
    volumes[0] = volume({ snapshots: 1, used: 5 });
    await model['_look']();
    expect(model.revision).toBeGreaterThan(revision);
    expect(model.workspace?.used).toBe(5);
  });

  it('takes no notice of events of others', async () => {
    await model.start();
    server.requests.length = 0;
    events.stream.emit({ schema_id: 'https://other', kind: 'connection' });
    await new Promise(resolve => setTimeout(resolve, 250));
    expect(server.requests).toEqual([]);
  });

  it('fetches a history again when the list of volumes disagrees', async () => {
    await model.start();
    await model.loadHistory(uid);
    snapshots = [snapshot({ name: 'a' }), snapshot({ name: 'b' })];
    volumes[0] = volume({ snapshots: 2 });
    server.requests.length = 0;
    await model.refresh();
    await until(() => model.history(uid)?.items.length === 2);
  });

  it('tells when a pending snapshot is ready, once', async () => {
    await model.start();
    const settled: string[] = [];
    model.snapshotSettled.connect((_, { name, phase }) =>
      settled.push(`${name} ${phase}`)
    );
    const pending = snapshot({ name: 'p', phase: 'pending', cut_at: null });
    server.on('GET snapshots/p', () => [200, snapshot({ name: 'p' })]);
    model.putSnapshot(pending);
    expect(model.snapshot('p')?.phase).toBe('pending');
    events.emit({ kind: 'snapshot', name: 'p', volume: 'workspace' });
    await until(() => settled.length > 0);
    events.emit({ kind: 'snapshot', name: 'p', volume: 'workspace' });
    await new Promise(resolve => setTimeout(resolve, 250));
    expect(settled).toEqual(['p ready']);
  });

  it('looks more often while something is pending', async () => {
    await model.start();
    const { frequency } = model['_poll'];
    expect(frequency.interval).toBe(60_000);
    model.putSnapshot(snapshot({ name: 'p', phase: 'pending' }));
    expect(model['_poll'].frequency.interval).toBe(5_000);
  });

  it('follows an operation and tells each change once', async () => {
    await model.start();
    const steps: string[] = [];
    model.operationChanged.connect((_, { step }) => steps.push(step));
    server.on('GET operations/op', () => [200, operation({ step: 'One' })]);
    events.emit({ kind: 'operation', name: 'op' });
    await until(() => steps.length === 1);
    operations = [operation({ step: 'One' })];
    await model.refresh();
    operations = [operation({ step: 'Two' })];
    await model.refresh();
    expect(steps).toEqual(['One', 'Two']);
  });

  it('takes an operation that vanishes under way for cancelled', async () => {
    operations = [operation()];
    await model.start();
    const states: string[] = [];
    model.operationChanged.connect((_, { state }) => states.push(state));
    server.requests.length = 0;
    events.emit({ kind: 'operation', name: 'op', action: 'deleted' });
    await until(() => model.operations.length === 0);
    expect(states).toEqual(['cancelled']);
    expect(server.requests).toEqual([]);
  });

  it('looks at many pending snapshots with one request', async () => {
    snapshots = Array.from({ length: 50 }, (_, index) =>
      snapshot({ name: `p${index}`, phase: 'pending' })
    );
    await model.start();
    await model.loadHistory(uid);
    server.requests.length = 0;
    snapshots = snapshots.map(entry => ({ ...entry, phase: 'ready' }));
    const settled: string[] = [];
    model.snapshotSettled.connect((_, { name }) => settled.push(name));
    await model.refresh();
    await until(() => settled.length === 50);
    expect(server.requests.length).toBeLessThan(8);
  });

  it('collects the snapshots of deleted volumes apart', async () => {
    await model.start();
    await model.loadOrphans();
    expect(model.history(ORPHANS)?.items.map(({ name }) => name)).toEqual([
      'old'
    ]);
  });

  it('counts what is left of a volume among the orphans at once', async () => {
    await model.start();
    await model.loadHistory(uid);
    await model.loadOrphans();
    snapshots = [snapshot({ name: 'a', stale: true })];
    events.emit({ kind: 'volume', name: 'workspace', action: 'deleted' });
    await until(() => model.history(ORPHANS)?.items.length === 2);
    expect(model.history(uid)).toBeNull();
    expect(model.snapshot('a')?.stale).toBe(true);
  });

  it('fetches all histories with one request', async () => {
    await model.start();
    await model.loadAllHistories();
    expect(model.history(uid)?.items.map(({ name }) => name)).toEqual(['a']);
    expect(server.count('GET volumes/workspace/snapshots')).toBe(0);
    await model.loadAllHistories();
    expect(server.count('GET snapshots')).toBe(1);
  });

  it('says why a history could not be fetched, and heals', async () => {
    await model.start();
    server.on('GET volumes/workspace/snapshots', () => [
      403,
      { reason: 'Forbidden', message: 'No.', hint: '' }
    ]);
    await model.loadHistory(uid);
    expect(model.history(uid)).toMatchObject({
      loading: false,
      error: { reason: 'Forbidden' }
    });
    server.on('GET volumes/workspace/snapshots', () => [
      200,
      { items: snapshots }
    ]);
    await model.loadHistory(uid);
    expect(model.history(uid)).toMatchObject({ error: null, items: snapshots });
  });

  it('is silent once disposed', async () => {
    await model.start();
    let changes = 0;
    model.stateChanged.connect(() => changes++);
    model.dispose();
    server.requests.length = 0;
    events.emit({ kind: 'connection' });
    model.putVolume(volume());
    await new Promise(resolve => setTimeout(resolve, 250));
    expect(changes).toBe(0);
    expect(server.requests).toEqual([]);
  });
});
