import { VDomRenderer } from '@jupyterlab/ui-components';
import type { CommandRegistry } from '@lumino/commands';
import { Poll } from '@lumino/polling';
import * as React from 'react';
import { CommandIDs } from '../commandids';
import { snapshotIcon } from '../icons';
import type { Format } from '../model/format';
import type { IVolumesModel } from '../tokens';

/** How often the age is told anew; milliseconds. */
const TICK = 60_000;

/**
 * The age of the workspace's last snapshot, in the status bar; just a label until that is known.
 */
export class StatusItem extends VDomRenderer<IVolumesModel> {
  constructor(model: IVolumesModel, commands: CommandRegistry, format: Format) {
    super(model);
    this.addClass('nj-StatusItem');
    this._commands = commands;
    this._format = format;
    this._clock = new Poll({
      name: 'netapp-jlab:status-clock',
      factory: () => Promise.resolve(this.update()),
      frequency: { interval: TICK, backoff: false },
      standby: () => (model.isLoaded ? 'when-hidden' : true)
    });
  }

  override dispose(): void {
    this._clock.dispose();
    super.dispose();
  }

  render(): React.ReactElement {
    const { trans } = this._format;
    return (
      <button
        type="button"
        className="nj-StatusItem-button"
        title={trans.__('Show Snapshots')}
        onClick={() => void this._commands.execute(CommandIDs.open)}
      >
        <snapshotIcon.react tag="span" className="nj-StatusItem-icon" />
        <span>{this._text()}</span>
      </button>
    );
  }

  private _text(): string {
    const { trans } = this._format;
    const workspace = this.model?.workspace;
    if (!workspace) {
      return trans.__('Snapshots');
    }
    return workspace.last_snapshot_at
      ? trans.__(
          'Snapshot %1',
          this._format.age(Date.parse(workspace.last_snapshot_at), Date.now())
        )
      : trans.__('No snapshot yet');
  }

  private readonly _clock: Poll;
  private readonly _commands: CommandRegistry;
  private readonly _format: Format;
}
