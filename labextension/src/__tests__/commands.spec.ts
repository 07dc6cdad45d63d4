import { nullTranslator } from '@jupyterlab/translation';
import { CommandRegistry } from '@lumino/commands';
import { CommandIDs } from '../commandids';
import { Commands } from '../commands';
import type { IContext } from '../context';
import { Format } from '../model/format';
import { PanelState } from '../model/panelstate';
import { Permissions } from '../model/permissions';
import { snapshotKey, volumeKey } from '../model/rows';
import { VolumesModel } from '../model/volumes';
import { Preferences } from '../preferences';
import {
  FakeEvents,
  FakeServer,
  YES,
  no,
  operation,
  snapshot,
  status,
  volume
} from './fixtures';

describe('Commands', () => {
  let server: FakeServer;
  let model: VolumesModel;
  let state: PanelState;
  let commands: CommandRegistry;
  let clicked: Record<string, string>;

  beforeEach(async () => {
    server = new FakeServer();
    server.on('GET status', () => [200, status()]);
    server.on('GET operations', () => [200, { items: [] }]);
    server.on('GET volumes', () => [
      200,
      {
        items: [
          volume({ snapshots: 1 }),
          volume({
            name: 'data',
            role: 'shared',
            can: { ...YES_TO_ALL, snapshot: no('No snapshot class.', 'Ask.') }
          })
        ]
      }
    ]);
    server.on('GET volumes/workspace/snapshots', () => [
      200,
      { items: [snapshot({ name: 'a' })] }
    ]);
    model = new VolumesModel({
      serverSettings: server.settings,
      events: new FakeEvents().manager
    });
    state = new PanelState();
    commands = new CommandRegistry();
    clicked = {};
    const format = new Format(nullTranslator);
    const app = {
      commands,
      contextMenuHitTest: (test: (node: HTMLElement) => boolean) => {
        const node = document.createElement('div');
        Object.assign(node.dataset, clicked);
        return test(node) ? node : undefined;
      }
    };
    new Commands({
      app: app as unknown as IContext['app'],
      model,
      state,
      format,
      permissions: new Permissions(model, format.trans),
      preferences: new Preferences(),
      documents: null,
      browser: null
    });
    await model.start();
    await model.loadHistory('uid-workspace');
  });

  afterEach(() => model.dispose());

  const YES_TO_ALL = volume().can;
  const all = Object.values(CommandIDs);

  it('are all there, with a label and a schema of their arguments', async () => {
    expect(commands.listCommands().sort()).toEqual([...all].sort());
    for (const id of all) {
      expect(commands.label(id)).not.toBe('');
      const { args } = await commands.describedBy(id);
      expect(args).toMatchObject({ type: 'object' });
    }
  });

  it('take a snapshot of the workspace, whatever row is active', () => {
    state.active = volumeKey('uid-data');
    expect(commands.isEnabled(CommandIDs.takeSnapshot)).toBe(true);
    expect(commands.label(CommandIDs.takeSnapshot)).toBe('Take Snapshot');
  });

  it('say in a menu why they can not work, and not in the palette', () => {
    const args = { volume: 'data' };
    expect(commands.isEnabled(CommandIDs.takeSnapshot, args)).toBe(false);
    expect(commands.label(CommandIDs.takeSnapshot, args)).toBe(
      'Take Snapshot — No snapshot class.'
    );
    expect(commands.caption(CommandIDs.takeSnapshot, args)).toBe(
      'No snapshot class. Ask.'
    );
    expect(
      commands.label(CommandIDs.takeSnapshot, { ...args, isPalette: true })
    ).toBe('Take Snapshot');
  });

  it('act on what was clicked only from a context menu', () => {
    clicked = { njVolume: 'data' };
    expect(commands.isEnabled(CommandIDs.takeSnapshot)).toBe(true);
    const args = { isContextMenu: true };
    expect(commands.isEnabled(CommandIDs.takeSnapshot, args)).toBe(false);
  });

  it('need a snapshot to act on', () => {
    expect(commands.isEnabled(CommandIDs.restore)).toBe(false);
    state.active = snapshotKey('uid-a');
    expect(commands.isEnabled(CommandIDs.restore)).toBe(true);
    state.active = null;
    clicked = { njSnapshot: 'a' };
    const args = { isContextMenu: true };
    expect(commands.isEnabled(CommandIDs.restore, args)).toBe(true);
    expect(commands.isEnabled(CommandIDs.copyName, args)).toBe(true);
  });

  it('undo what can be undone', () => {
    expect(commands.isEnabled(CommandIDs.undo)).toBe(false);
    model.putOperation(operation({ state: 'done', can_undo: YES }));
    expect(commands.isEnabled(CommandIDs.undo)).toBe(true);
    expect(commands.isEnabled(CommandIDs.undo, { operation: 'x' })).toBe(false);
  });

  it('tell tool bars when they become possible', () => {
    const changed: string[] = [];
    commands.commandChanged.connect((_, { id }) => changed.push(id ?? ''));
    model.putOperation(operation({ state: 'done', can_undo: YES }));
    model.putOperation(operation({ state: 'done', can_undo: YES }));
    expect(changed).toEqual([CommandIDs.undo]);
  });

  it('hide the restore of files where no file browser is', () => {
    expect(commands.isVisible(CommandIDs.restoreFiles)).toBe(false);
  });
});
