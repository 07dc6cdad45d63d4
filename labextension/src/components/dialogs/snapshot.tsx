import * as React from 'react';
import type { Snapshot, Volume } from '../../api/types';
import type { IContext } from '../../context';
import type { Form } from '../../widgets/formdialog';
import { showForm } from '../../widgets/formdialog';
import { NoteField, TextField, nameMessage } from './fields';
import { useRequestId, useSubmit } from './frame';

/** Ask for the name and the note of a new snapshot, and take it. */
export function showSnapshotForm(
  context: IContext,
  volume: Volume
): Promise<Snapshot | null> {
  const { trans } = context.format;
  return showForm<Snapshot>({
    title: trans.__('Take a snapshot of %1', volume.name),
    accept: trans.__('Take Snapshot'),
    trans,
    body: form => <SnapshotForm form={form} context={context} volume={volume} />
  });
}

function SnapshotForm(props: {
  form: Form<Snapshot>;
  context: IContext;
  volume: Volume;
}): React.ReactElement {
  const { format, model } = props.context;
  const { trans } = format;
  const [note, setNote] = React.useState('');
  const [name, setName] = React.useState('');
  const problem = name ? nameMessage(name, [], format) : '';
  const order = { note: note.trim(), name };
  const request_id = useRequestId(order);
  useSubmit(
    props.form,
    problem
      ? null
      : signal =>
          model.api.createSnapshot(
            props.volume.name,
            { ...order, request_id },
            signal
          )
  );
  return (
    <>
      <NoteField format={format} value={note} onChange={setNote} autoFocus />
      <TextField
        label={trans.__('Name (optional)')}
        value={name}
        onChange={setName}
        problem={problem}
        help={trans.__('Made from the volume and the time if left empty.')}
      />
    </>
  );
}
