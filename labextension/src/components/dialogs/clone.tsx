import * as React from 'react';
import type { Operation, Snapshot, Volume } from '../../api/types';
import type { IContext } from '../../context';
import { formatQuantity, freeName } from '../../model/validate';
import type { Form } from '../../widgets/formdialog';
import { showForm } from '../../widgets/formdialog';
import { NoteField, TextField, nameMessage, sizeMessage } from './fields';
import { useRequestId, useSubmit } from './frame';

/** What is cloned: a snapshot, else the volume as it is now. */
export interface ICloneSource {
  snapshot: Snapshot | null;

  /** Null: it is gone, only its snapshot is left. */
  volume: Volume | null;
}

/** Ask for the name of a clone, and start to make it. */
export function showCloneForm(
  context: IContext,
  source: ICloneSource
): Promise<Operation | null> {
  const { trans } = context.format;
  return showForm<Operation>({
    title: source.snapshot
      ? trans.__('Clone a snapshot of %1', source.snapshot.volume)
      : trans.__('Clone %1', source.volume?.name ?? ''),
    accept: trans.__('Clone'),
    trans,
    body: form => <CloneForm form={form} context={context} {...source} />
  });
}

function CloneForm(
  props: ICloneSource & { form: Form<Operation>; context: IContext }
): React.ReactElement {
  const { snapshot, volume } = props;
  const { format, model } = props.context;
  const { trans } = format;
  const taken = model.volumes.map(({ name }) => name);
  const base = volume?.name ?? snapshot?.volume ?? 'volume';
  const [name, setName] = React.useState(() =>
    freeName(`${base || 'volume'}-clone`, taken)
  );
  const [size, setSize] = React.useState('');
  const [note, setNote] = React.useState('');
  const least = volume?.capacity ?? snapshot?.restore_size ?? 0;
  const nameIsWrong = nameMessage(name, taken, format);
  const sizeIsWrong = size
    ? sizeMessage(size, Math.max(0, least - 1), {
        trans,
        bytes: format.bytes(least)
      })
    : '';
  const order = { name, size: size.trim(), note: note.trim() };
  const request_id = useRequestId(order);
  useSubmit(
    props.form,
    nameIsWrong || sizeIsWrong
      ? null
      : signal =>
          snapshot
            ? model.api.cloneSnapshot(
                snapshot.name,
                { ...order, request_id },
                signal
              )
            : model.api.cloneVolume(
                volume?.name ?? '',
                { ...order, request_id },
                signal
              )
  );
  return (
    <>
      <p>
        {snapshot
          ? trans.__(
              'A new volume is made with everything that was in %1 when the snapshot was cut (%2).',
              snapshot.volume,
              format.moment(Date.parse(snapshot.cut_at ?? snapshot.created_at))
            )
          : trans.__(
              'A new volume is made with everything that is in %1 now.',
              base
            )}{' '}
        {trans.__(
          'The original stays as it is. The clone is a volume of its own and counts towards your quota.'
        )}
      </p>
      <TextField
        label={trans.__('Name')}
        value={name}
        onChange={setName}
        problem={nameIsWrong}
        help={trans.__('Name of the new volume.')}
        autoFocus
      />
      <TextField
        label={trans.__('Size (optional)')}
        value={size}
        onChange={setSize}
        problem={sizeIsWrong}
        placeholder={least > 0 ? formatQuantity(least) : undefined}
        help={trans.__('The size of the original if left empty.')}
      />
      <NoteField format={format} value={note} onChange={setNote} />
    </>
  );
}
