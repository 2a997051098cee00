// Buttons: with words, and with an icon alone (which then must have a name).
import type { ButtonHTMLAttributes, ReactNode, Ref } from 'react';

type Look = 'primary' | 'plain' | 'quiet' | 'danger';

const looks: Readonly<Record<Look, string>> = {
  primary: 'bg-accent text-accent-ink hover:bg-accent-hover',
  plain: 'border border-line bg-raised hover:bg-hover',
  quiet: 'hover:bg-hover',
  danger: 'border border-line bg-raised text-danger hover:bg-danger-tint',
};

const shape =
  'inline-flex select-none items-center justify-center gap-2 font-medium transition-colors disabled:cursor-not-allowed disabled:opacity-50';

interface ButtonProps extends ButtonHTMLAttributes<HTMLButtonElement> {
  readonly look?: Look;
  readonly small?: boolean;
  readonly ref?: Ref<HTMLButtonElement>;
}

/** A button with words. */
export function Button({ look = 'plain', small = false, className = '', ...rest }: ButtonProps): ReactNode {
  const size = small
    ? 'min-h-8 px-3 text-[0.8125rem] pointer-coarse:min-h-11'
    : 'min-h-10 px-4 text-sm pointer-coarse:min-h-11';
  return <button type="button" className={`${shape} rounded-xl ${size} ${looks[look]} ${className}`} {...rest} />;
}

interface IconButtonProps extends Omit<ButtonProps, 'small' | 'children'> {
  /** What it does, for screen readers and as a tooltip. */
  readonly label: string;
  readonly children: ReactNode;
  readonly compact?: boolean;
  readonly round?: boolean;
}

/** A button with an icon. */
export function IconButton({
  label,
  look = 'quiet',
  compact = false,
  round = false,
  className = '',
  ...rest
}: IconButtonProps): ReactNode {
  const size = compact ? 'size-8 pointer-coarse:size-10' : 'size-10 pointer-coarse:size-11';
  const corners = round ? 'rounded-full' : compact ? 'rounded-lg' : 'rounded-xl';
  return (
    <button
      type="button"
      aria-label={label}
      title={label}
      className={`${shape} ${size} ${corners} shrink-0 ${looks[look]} ${look === 'quiet' ? 'text-muted hover:text-ink' : ''} ${className}`}
      {...rest}
    />
  );
}
