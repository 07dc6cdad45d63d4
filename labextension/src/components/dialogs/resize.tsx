import * as React from 'react';
import type { Volume } from '../../api/types';
import type { IContext } from '../../context';
import { formatQuantity } from '../../model/validate';
import type { Form } from '../../widgets/formdialog';
import { showForm } from '../../widgets/formdialog';
import { TextField, sizeMessage } from './fields';
import { useSubmit } from './frame';

/** Ask for a new size, and ask Kubernetes for it. */
export function showResizeForm(
  context: IContext,
  volume: Volume
): Promise<Volume | null> {
  const { trans } = context.format;
  return showForm<Volume>({
    title: trans.__('Resize %1', volume.name),
    accept: trans.__('Resize'),
    trans,
    body: form => <ResizeForm form={form} context={context} volume={volume} />
  });
}

function ResizeForm(props: {
  form: Form<Volume>;
  context: IContext;
  volume: Volume;
}): React.ReactElement {
  const { volume } = props;
  const { format, model } = props.context;
  const { trans } = format;
  const present = Math.max(volume.requested, volume.capacity ?? 0);
  const [size, setSize] = React.useState(() => formatQuantity(present));
  const [isTouched, setIsTouched] = React.useState(false);
  const problem = sizeMessage(size, present, {
    trans,
    bytes: format.bytes(present)
  });
  useSubmit(
    props.form,
    problem
      ? null
      : signal =>
          model.api.resizeVolume(volume.name, { size: size.trim() }, signal)
  );
  return (
    <>
      <p>
        {trans.__(
          'A volume can grow, but never shrink again. It stays usable meanwhile.'
        )}
      </p>
      <TextField
        label={trans.__('New size')}
        value={size}
        onChange={value => {
          setSize(value);
          setIsTouched(true);
        }}
        problem={isTouched ? problem : ''}
        help={trans.__('Now: %1.', format.bytes(present))}
        autoFocus
      />
    </>
  );
}
