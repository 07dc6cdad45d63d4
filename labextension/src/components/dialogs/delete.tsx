import * as React from 'react';
import type { DeletePlan, Snapshot, Volume } from '../../api/types';
import type { IContext } from '../../context';
import type { Format } from '../../model/format';
import { explain } from '../../model/permissions';
import type { Form } from '../../widgets/formdialog';
import { showForm } from '../../widgets/formdialog';
import { TextField } from './fields';
import type { IFetched } from './frame';
import { Problem, useFetched, useSubmit } from './frame';

/** Names that are listed; the rest is counted. */
const LISTED = 5;

/** Say what goes with a volume, ask for its name, and delete it. */
export async function showDeleteVolumeForm(
  context: IContext,
  volume: Volume
): Promise<boolean> {
  const { trans } = context.format;
  const done = await showForm<boolean>({
    title: trans.__('Delete the volume %1?', volume.name),
    accept: trans.__('Delete'),
    warn: true,
    trans,
    body: form => (
      <DeleteVolumeForm form={form} context={context} volume={volume} />
    )
  });
  return done === true;
}

/** Say what goes with a snapshot, and delete it. */
export async function showDeleteSnapshotForm(
  context: IContext,
  snapshot: Snapshot
): Promise<boolean> {
  const { trans } = context.format;
  const done = await showForm<boolean>({
    title: trans.__('Delete this snapshot of %1?', snapshot.volume),
    accept: trans.__('Delete'),
    warn: true,
    trans,
    body: form => (
      <DeleteSnapshotForm form={form} context={context} snapshot={snapshot} />
    )
  });
  return done === true;
}

function DeleteVolumeForm(props: {
  form: Form<boolean>;
  context: IContext;
  volume: Volume;
}): React.ReactElement {
  const { volume } = props;
  const { format, model } = props.context;
  const { trans } = format;
  const [typed, setTyped] = React.useState('');
  const plan = useFetched(volume.uid, signal =>
    model.api.planDeleteVolume(volume.name, signal)
  );
  const isAllowed = plan.value?.refusal.allowed === true;
  useSubmit(
    props.form,
    isAllowed && typed === volume.name
      ? async signal => {
          await model.api.deleteVolume(volume.name, typed, volume.uid, signal);
          return true;
        }
      : null
  );
  return (
    <Plan plan={plan} format={format}>
      {value => (
        <>
          <p>
            {value.reclaim_policy === 'Retain'
              ? trans.__(
                  'The volume is given up; its storage is kept for your administrator (reclaim policy Retain).'
                )
              : trans.__(
                  'All files on it are deleted. This can not be undone.'
                )}
          </p>
          <ul className="nj-list">
            {value.capacity !== null && (
              <li>{trans.__('Size: %1', format.bytes(value.capacity))}</li>
            )}
            {value.snapshots.length > 0 && (
              <li>
                {trans._n(
                  '%2 snapshot of it stays, without the volume:',
                  '%2 snapshots of it stay, without the volume:',
                  value.snapshots.length,
                  format.count(value.snapshots.length)
                )}{' '}
                <Names names={value.snapshots} format={format} />
              </li>
            )}
            {value.clones.length > 0 && (
              <li>
                {trans.__('Volumes made from it stay:')}{' '}
                <Names names={value.clones} format={format} />
              </li>
            )}
          </ul>
          <TextField
            label={trans.__('Type %1 to confirm', volume.name)}
            value={typed}
            onChange={setTyped}
            autoFocus
          />
        </>
      )}
    </Plan>
  );
}

function DeleteSnapshotForm(props: {
  form: Form<boolean>;
  context: IContext;
  snapshot: Snapshot;
}): React.ReactElement {
  const { snapshot } = props;
  const { format, model } = props.context;
  const { trans } = format;
  const plan = useFetched(snapshot.uid, signal =>
    model.api.planDeleteSnapshot(snapshot.name, signal)
  );
  useSubmit(
    props.form,
    plan.value?.refusal.allowed
      ? async signal => {
          await model.api.deleteSnapshot(snapshot.name, snapshot.uid, signal);
          return true;
        }
      : null
  );
  return (
    <Plan plan={plan} format={format}>
      {value => (
        <>
          <p>
            <strong>{snapshot.note || snapshot.name}</strong>
            <br />
            {format.moment(Date.parse(snapshot.cut_at ?? snapshot.created_at))}
          </p>
          <p>
            {trans.__(
              'Afterwards nothing can be restored from it. The volume itself is not touched. This can not be undone.'
            )}
          </p>
          {snapshot.purpose === 'safety' && (
            <p>
              {trans.__(
                'A restore cut it for safety; without it that restore can no longer be undone.'
              )}
            </p>
          )}
          {value.clones.length > 0 && (
            <p>
              {trans.__('Volumes made from it stay:')}{' '}
              <Names names={value.clones} format={format} />
            </p>
          )}
        </>
      )}
    </Plan>
  );
}

/** What a deletion takes with it, or why it is refused, or that this is being found out. */
function Plan(props: {
  plan: IFetched<DeletePlan>;
  format: Format;
  children: (plan: DeletePlan) => React.ReactElement;
}): React.ReactElement {
  const { error, value } = props.plan;
  const { trans } = props.format;
  if (error) {
    return <Problem error={error} />;
  }
  if (!value) {
    return (
      <p role="status" className="nj-Working">
        {trans.__('Finding out what goes with it…')}
      </p>
    );
  }
  return value.refusal.allowed ? (
    props.children(value)
  ) : (
    <div role="status" className="nj-Message nj-mod-warning">
      {explain(value.refusal)}
    </div>
  );
}

function Names(props: {
  names: readonly string[];
  format: Format;
}): React.ReactElement {
  const { names, format } = props;
  const more = names.length - LISTED;
  return (
    <>
      {names.slice(0, LISTED).join(', ')}
      {more > 0 &&
        format.trans._n(
          ' and %2 more',
          ' and %2 more',
          more,
          format.count(more)
        )}
    </>
  );
}
