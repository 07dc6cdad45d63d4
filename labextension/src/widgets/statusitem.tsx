import { VDomRenderer } from '@jupyterlab/ui-components';
import type { CommandRegistry } from '@lumino/commands';
import * as React from 'react';
import { CommandIDs } from '../commandids';
import { snapshotIcon } from '../icons';
import type { Format } from '../model/format';
import type { IVolumesModel } from '../tokens';

/**
 * The age of the workspace's last snapshot, in the status bar; just a label until that is known.
 */
export class StatusItem extends VDomRenderer<IVolumesModel> {
  constructor(model: IVolumesModel, commands: CommandRegistry, format: Format) {
    super(model);
    this.addClass('nj-StatusItem');
    this._commands = commands;
    this._format = format;
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

  private readonly _commands: CommandRegistry;
  private readonly _format: Format;
}
