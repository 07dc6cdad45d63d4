import { duplicateIcon } from '@jupyterlab/ui-components';
import * as React from 'react';
import type { Volume } from '../api/types';
import { CommandIDs } from '../commandids';
import { snapshotIcon } from '../icons';
import { explain } from '../model/permissions';
import { ActionBar } from './actions';
import { NowContext, useBusy, usePanel } from './hooks';
import { Meter } from './meter';

/** The volume that holds the workspace, with the one big button. */
export function WorkspaceCard(props: { volume: Volume }): React.ReactElement {
  const { volume } = props;
  const { format, permissions } = usePanel();
  const { trans } = format;
  const now = React.useContext(NowContext);
  const title = React.useId();
  const args = { volume: volume.name };
  const last = volume.last_snapshot_at
    ? Date.parse(volume.last_snapshot_at)
    : null;
  return (
    <section
      className="nj-Card"
      aria-labelledby={title}
      data-nj-volume={volume.name}
    >
      <h2 id={title} className="nj-Card-title">
        {trans.__('This workspace')}
      </h2>
      <div className="nj-Card-name" title={volume.name}>
        {volume.name}
      </div>
      <Meter volume={volume} />
      <div
        className="nj-hint"
        title={last === null ? undefined : format.moment(last)}
      >
        {last === null
          ? trans.__('No snapshot yet')
          : trans.__('Last snapshot: %1', format.relative(last, now))}
      </div>
      <TakeSnapshot volume={volume} />
      <ActionBar
        label={trans.__('Actions on the workspace')}
        actions={[
          {
            label: trans.__('Clone…'),
            icon: duplicateIcon,
            permission: permissions.onVolume(volume, 'clone'),
            command: CommandIDs.cloneVolume,
            args
          },
          {
            label: trans.__('Resize…'),
            permission: permissions.onVolume(volume, 'resize'),
            command: CommandIDs.resizeVolume,
            args
          }
        ]}
      />
    </section>
  );
}

/** A note and the button; Enter in the note presses it. */
function TakeSnapshot(props: { volume: Volume }): React.ReactElement {
  const { volume } = props;
  const { app, format, permissions } = usePanel();
  const { trans } = format;
  const [note, setNote] = React.useState('');
  const [isBusy, run] = useBusy();
  const id = React.useId();
  const reason = explain(permissions.onVolume(volume, 'snapshot'));
  const input = React.useRef<HTMLInputElement>(null);
  React.useEffect(() => {
    if (document.activeElement?.classList.contains('nj-Panel-content')) {
      input.current?.focus(); // the panel was activated before this was there
    }
  }, []);
  return (
    <form
      className="nj-TakeSnapshot"
      onSubmit={event => {
        event.preventDefault();
        if (!reason) {
          run(async () => {
            await app.commands.execute(CommandIDs.takeSnapshot, {
              volume: volume.name,
              note: note.trim()
            });
            setNote('');
          });
        }
      }}
    >
      <input
        ref={input}
        className="jp-mod-styled"
        type="text"
        value={note}
        maxLength={1000}
        aria-label={trans.__('Note for the snapshot (optional)')}
        placeholder={trans.__('Note (optional)')}
        onChange={event => setNote(event.target.value)}
      />
      <button
        type="submit"
        className="nj-Button nj-mod-primary"
        aria-disabled={isBusy || reason !== ''}
        aria-busy={isBusy}
        aria-describedby={reason ? id : undefined}
        title={reason || undefined}
      >
        <snapshotIcon.react tag="span" className="nj-Button-icon" />
        <span>{trans.__('Snapshot')}</span>
      </button>
      {reason && (
        <p id={id} className="nj-hint">
          {reason}
        </p>
      )}
    </form>
  );
}
