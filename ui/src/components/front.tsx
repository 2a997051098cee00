// The card that people see who are not signed in.
import type { ReactNode } from 'react';
import { Logo } from './logo.tsx';

/** The whole page: the name, what this is, and what is in it. */
export function Front({ tagline, children }: { readonly tagline: string; readonly children: ReactNode }): ReactNode {
  return (
    <main className="grid h-full place-items-center overflow-y-auto bg-side p-6">
      <div className="flex w-full max-w-sm flex-col gap-6 rounded-3xl border border-line bg-raised p-8 shadow-float">
        <div className="flex items-center gap-3">
          <Logo size={40} />
          <div>
            <h1 className="text-xl font-semibold tracking-tight">Freeway</h1>
            <p className="text-sm text-muted">{tagline}</p>
          </div>
        </div>
        {children}
      </div>
    </main>
  );
}
