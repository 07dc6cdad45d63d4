import * as React from 'react';
import type { StorageClass, Volume, VolumeOrder } from '../../api/types';
import type { IContext } from '../../context';
import type { Format } from '../../model/format';
import { momentOf } from '../../model/lists';
import { formatQuantity, freeName } from '../../model/validate';
import type { Form } from '../../widgets/formdialog';
import { showForm } from '../../widgets/formdialog';
import {
  NoteField,
  SelectField,
  TextField,
  nameMessage,
  sizeMessage
} from './fields';
import { useFetched, useRequestId, useSubmit } from './frame';

type Mode = 'ReadWriteOnce' | 'ReadWriteMany' | 'ReadOnlyMany';

/** Ask for everything that makes a volume, and order it. */
export function showNewVolumeForm(context: IContext): Promise<Volume | null> {
  const { trans } = context.format;
  return showForm<Volume>({
    title: trans.__('New volume'),
    accept: trans.__('Create'),
    trans,
    body: form => <NewVolumeForm form={form} context={context} />
  });
}

function NewVolumeForm(props: {
  form: Form<Volume>;
  context: IContext;
}): React.ReactElement {
  const { format, model } = props.context;
  const { trans } = format;
  const classes = model.status?.classes ?? null;
  const taken = model.volumes.map(({ name }) => name);
  const [name, setName] = React.useState(() => freeName('new-volume', taken));
  const [sizeText, setSize] = React.useState('10Gi');
  const [className, setClassName] = React.useState('');
  const [mode, setMode] = React.useState<Mode>('ReadWriteOnce');
  const [volume, setVolume] = React.useState('');
  const [snapshot, setSnapshot] = React.useState('');
  const [note, setNote] = React.useState('');

  const original = model.volume(volume);
  const least = original?.capacity ?? original?.requested ?? 0;
  const size =
    original && sizeText.trim() === '' ? formatQuantity(least) : sizeText;
  const nameIsWrong = nameMessage(name, taken, format);
  const sizeIsWrong = sizeMessage(size, Math.max(0, least - 1), {
    trans,
    bytes: format.bytes(least)
  });
  const order: VolumeOrder = {
    name,
    size: size.trim(),
    storage_class: className,
    access_modes: [mode],
    source: snapshot
      ? { kind: 'snapshot', name: snapshot }
      : volume
        ? { kind: 'volume', name: volume }
        : { kind: 'empty', name: '' },
    note: note.trim()
  };
  const request_id = useRequestId(order);
  useSubmit(
    props.form,
    nameIsWrong || sizeIsWrong
      ? null
      : signal => model.api.createVolume({ ...order, request_id }, signal)
  );
  return (
    <>
      <TextField
        label={trans.__('Name')}
        value={name}
        onChange={setName}
        problem={nameIsWrong}
        autoFocus
      />
      <TextField
        label={trans.__('Size')}
        value={sizeText}
        onChange={setSize}
        problem={sizeIsWrong}
      />
      {classes && (
        <ClassField
          classes={classes}
          value={className}
          onChange={setClassName}
          format={format}
        />
      )}
      <SelectField<Mode>
        label={trans.__('Who can mount it')}
        value={mode}
        onChange={setMode}
        options={[
          {
            value: 'ReadWriteOnce',
            label: trans.__('One node at a time (ReadWriteOnce)')
          },
          {
            value: 'ReadWriteMany',
            label: trans.__('Many, all may write (ReadWriteMany)')
          },
          {
            value: 'ReadOnlyMany',
            label: trans.__('Many, nobody writes (ReadOnlyMany)')
          }
        ]}
      />
      <SelectField
        label={trans.__('Contents')}
        value={volume}
        onChange={value => {
          setVolume(value);
          setSnapshot('');
          setSize(
            value
              ? formatQuantity(model.volume(value)?.capacity ?? 0)
              : sizeText
          );
        }}
        options={[
          { value: '', label: trans.__('Empty') },
          ...model.volumes.map(({ name, phase }) => ({
            value: name,
            label: trans.__('Copy of %1', name),
            disabled: phase !== 'bound'
          }))
        ]}
      />
      {original && (
        <MomentField
          key={original.uid}
          context={props.context}
          volume={original}
          value={snapshot}
          onChange={setSnapshot}
        />
      )}
      <NoteField format={format} value={note} onChange={setNote} />
    </>
  );
}

function ClassField(props: {
  classes: readonly StorageClass[];
  value: string;
  onChange: (value: string) => void;
  format: Format;
}): React.ReactElement {
  const { classes, value } = props;
  const { trans } = props.format;
  const chosen = classes.find(entry =>
    value ? entry.name === value : entry.default
  );
  return (
    <SelectField
      label={trans.__('Storage class')}
      value={value}
      onChange={props.onChange}
      options={[
        { value: '', label: trans.__('The default one') },
        ...classes.map(({ name, snapshot_class }) => ({
          value: name,
          label: snapshot_class ? name : trans.__('%1 — no snapshots', name)
        }))
      ]}
      help={
        !chosen
          ? ''
          : chosen.snapshot_class
            ? trans.__('%1 can be snapshotted.', chosen.name)
            : trans.__('No snapshots: %1', chosen.reason)
      }
    />
  );
}

/** As of when a volume is copied: now, or one of its snapshots. */
function MomentField(props: {
  context: IContext;
  volume: Volume;
  value: string;
  onChange: (snapshot: string) => void;
}): React.ReactElement {
  const { format, model } = props.context;
  const { trans } = format;
  const { volume } = props;
  const list = useFetched(volume.uid, () => model.api.snapshots(volume.name));
  const ready = (list.value?.items ?? []).filter(
    ({ phase }) => phase === 'ready'
  );
  return (
    <SelectField
      label={trans.__('As of')}
      value={props.value}
      onChange={props.onChange}
      help={list.error?.message}
      options={[
        { value: '', label: trans.__('Now') },
        ...ready.map(snapshot => ({
          value: snapshot.name,
          label: trans.__(
            '%1 — %2',
            format.moment(momentOf(snapshot)),
            snapshot.note || snapshot.name
          )
        }))
      ]}
    />
  );
}
