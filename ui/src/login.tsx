// The sign-in document: the only one that may load Google's script. It exchanges Google's word for a session of our own.
import { StrictMode } from 'react';
import { createRoot } from 'react-dom/client';
import { LanguageContext } from './lib/messages.ts';
import { LoginPage } from './login/page.tsx';

const element = document.querySelector('#root');
if (element)
  createRoot(element).render(
    <StrictMode>
      <LanguageContext value={document.documentElement.lang === 'de' ? 'de' : 'en'}>
        <LoginPage />
      </LanguageContext>
    </StrictMode>,
  );
