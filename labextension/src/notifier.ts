import { Notification } from '@jupyterlab/apputils';
import { PromiseDelegate } from '@lumino/coreutils';
import { ApiError, Reason } from './api/errors';
import type { Operation, Snapshot } from './api/types';
import { CommandIDs } from './commands';
import type { IContext } from './context';
import { isRunning } from './model/lists';
import { fractionOf, summaryOf, titleOf } from './model/outcome';
import { sectionKey, snapshotKey, volumeKey } from './model/rows';

/** How long a message of success stays on the screen; milliseconds. */
const CLOSE_AFTER = 8_000;

/** How long a pending snapshot is waited for before its notification goes; milliseconds. */
const PATIENCE = 10 * 60_000;

/**
 * Tells what became of the things that were started in this page.
 */
export class Notifier {
  constructor(context: IContext) {
    this._context = context;
    context.model.operationChanged.connect(this._onOperation, this);
    context.model.snapshotSettled.connect(this._onSnapshot, this);
  }

  /** Tell of a snapshot from the request until it is cut; resolves with the answer. */
  async snapshot(volume: string, request: Promise<Snapshot>): Promise<void> {
    const { trans } = this._context.format;
    const id = Notification.emit(
      trans.__('Taking a snapshot of %1…', volume),
      'in-progress',
      { autoClose: false }
    );
    try {
      const snapshot = await request;
      const settled = this._expect(snapshot);
      this._context.model.putSnapshot(snapshot);
      void this._announce(id, settled);
    } catch (error) {
      this._fail(id, trans.__('No snapshot of %1.', volume), error);
    }
  }

  deleted(volume: string): void {
    Notification.info(
      this._context.format.trans.__('The volume %1 is being deleted.', volume),
      { autoClose: CLOSE_AFTER }
    );
  }

  /** Tell of an operation until it has ended. */
  follow(operation: Operation): void {
    const id = Notification.emit(operation.step, 'in-progress', {
      autoClose: false
    });
    this._followed.set(operation.id, id);
    const undone = this._told.get(operation.undo_of);
    if (undone) {
      Notification.dismiss(undone); // it still offers to undo
    }
    this._onOperation(this._context.model, operation);
  }

  private _expect(snapshot: Snapshot): Promise<Snapshot> {
    if (snapshot.phase !== 'pending') {
      return Promise.resolve(snapshot);
    }
    const expected = new PromiseDelegate<Snapshot>();
    this._expected.set(snapshot.name, expected);
    window.setTimeout(() => expected.resolve(snapshot), PATIENCE);
    return expected.promise;
  }

  private _onSnapshot(_: unknown, snapshot: Snapshot): void {
    this._expected.get(snapshot.name)?.resolve(snapshot);
    this._expected.delete(snapshot.name);
  }

  private async _announce(
    id: string,
    settled: Promise<Snapshot>
  ): Promise<void> {
    const { format } = this._context;
    const { trans } = format;
    const snapshot = await settled;
    const { phase, volume } = snapshot;
    if (phase === 'ready') {
      Notification.update({
        id,
        type: 'success',
        message: trans.__('Snapshot of %1 taken.', volume),
        autoClose: CLOSE_AFTER,
        actions: [
          {
            label: trans.__('Show'),
            caption: trans.__('Show it in the panel'),
            callback: () => this._showSnapshot(snapshot)
          }
        ]
      });
    } else if (phase === 'failed') {
      Notification.update({
        id,
        type: 'error',
        message: trans.__(
          'The snapshot of %1 failed: %2',
          volume,
          snapshot.message
        ),
        autoClose: false
      });
    } else {
      Notification.dismiss(id);
    }
  }

  private _onOperation(_: unknown, operation: Operation): void {
    const id = this._followed.get(operation.id);
    if (id === undefined) {
      return;
    }
    if (isRunning(operation)) {
      this._progress(id, operation);
    } else {
      this._followed.delete(operation.id);
      this._told.set(operation.id, id);
      this._end(id, operation);
    }
  }

  private _progress(id: string, operation: Operation): void {
    const { app, format } = this._context;
    const { trans } = format;
    Notification.update({
      id,
      type: 'in-progress',
      message: trans.__('%1: %2', titleOf(operation, format), operation.step),
      progress: fractionOf(operation) ?? undefined,
      autoClose: false,
      actions: operation.can_cancel.allowed
        ? [
            {
              label: trans.__('Cancel'),
              callback: event => {
                event.preventDefault(); // stays, to tell how that ends
                void app.commands.execute(CommandIDs.cancel, {
                  operation: operation.id
                });
              }
            }
          ]
        : []
    });
  }

  private _end(id: string, operation: Operation): void {
    const { app, format } = this._context;
    const { trans } = format;
    const actions = operation.can_undo.allowed
      ? [
          {
            label: trans.__('Undo'),
            callback: () => {
              void app.commands.execute(CommandIDs.undo, {
                operation: operation.id
              });
            }
          }
        ]
      : [];
    if (operation.kind === 'clone' && operation.state === 'done') {
      actions.push({
        label: trans.__('Show'),
        callback: () => this._showVolume(operation.volume)
      });
    }
    const left =
      (operation.outcome?.conflict_count ?? 0) +
      (operation.outcome?.failure_count ?? 0);
    Notification.update({
      id,
      type:
        operation.state === 'failed'
          ? 'error'
          : operation.state === 'cancelled'
            ? 'info'
            : left > 0
              ? 'warning'
              : 'success',
      message: trans.__(
        '%1: %2',
        titleOf(operation, format),
        summaryOf(operation, format)
      ),
      autoClose: operation.state === 'done' && left === 0 ? CLOSE_AFTER : false,
      actions
    });
  }

  private _fail(id: string, what: string, error: unknown): void {
    const { message, hint, reason } = ApiError.from(error);
    if (reason === Reason.cancelled) {
      Notification.dismiss(id);
      return;
    }
    Notification.update({
      id,
      type: 'error',
      message: [what, message, hint].filter(Boolean).join(' '),
      autoClose: false
    });
  }

  private _showSnapshot({ uid, volume_uid }: Snapshot): void {
    const { app, model, state } = this._context;
    const role = model.volumes.find(entry => entry.uid === volume_uid)?.role;
    void app.commands.execute(CommandIDs.open);
    void model
      .loadHistory(volume_uid)
      .then(() =>
        state.reveal(
          snapshotKey(uid),
          volumeKey(volume_uid),
          sectionKey(role === 'shared' ? 'shared' : 'other')
        )
      );
  }

  private _showVolume(name: string): void {
    const { app, model, state } = this._context;
    const volume = model.volume(name);
    if (volume) {
      void app.commands.execute(CommandIDs.open);
      state.reveal(
        volumeKey(volume.uid),
        sectionKey(volume.role === 'shared' ? 'shared' : 'other')
      );
    }
  }

  private readonly _context: IContext;
  private readonly _followed = new Map<string, string>();
  private readonly _told = new Map<string, string>();
  private readonly _expected = new Map<string, PromiseDelegate<Snapshot>>();
}
