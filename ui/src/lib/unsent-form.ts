// A form that is there again when it was closed or left without being sent: an Escape or a click beside it costs nothing that was typed.
import { useForm, type DefaultValues, type FieldValues, type UseFormReturn } from 'react-hook-form';
import { useUnsent } from './unsent.ts';

/** A form as `useForm` has it, with what keeps its values, which its element calls on every change, and what forgets them. */
export type UnsentForm<T extends FieldValues> = UseFormReturn<T> & {
  readonly keep: () => void;
  /** Once it was sent, or given up. */
  readonly forget: () => void;
};

/** What was typed under this name, or else `usual`. No name: nothing is kept, as where something is changed, which is shown as it is saved. */
export function useUnsentForm<T extends FieldValues>(name: string | null, usual: DefaultValues<T>): UnsentForm<T> {
  const [kept, set, forget] = useUnsent<DefaultValues<T>>(name ?? '', usual);
  const form = useForm<T>({ defaultValues: kept });
  const keep = (): void => {
    if (name !== null) set(form.getValues() as DefaultValues<T>);
  };
  return { ...form, keep, forget };
}
