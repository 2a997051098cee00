// Asks for what the app's first page needs while the app itself is still on its way: who is signed in, and the parts of the chat.
(() => {
  // With the token of a sign-in link there is somebody only after it has been handed in.
  if (!location.hash.includes('token='))
    globalThis.sessionAhead = fetch('/api/session', { credentials: 'same-origin' });
  if (location.pathname !== '/' && !location.pathname.startsWith('/c/')) return;
  const parts = document.querySelector('meta[name="chat-parts"]')?.content ?? '';
  for (const href of parts.split(' ').filter(Boolean)) {
    const link = document.createElement('link');
    link.rel = 'modulepreload';
    link.href = href;
    document.head.append(link);
  }
})();
